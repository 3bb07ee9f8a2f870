"""A store's own names, units, codes and languages, said once in a TOML file.

`Mapping` reads the file; `MappedSource` and `MappedSink` wrap any store; `draft` writes a first
version of the file from what a store holds.
"""

from matching.stores.mapping.drafting import draft
from matching.stores.mapping.spec import Mapping
from matching.stores.mapping.stores import MappedSink, MappedSource, mapped_sink, mapped_source

__all__ = ["MappedSink", "MappedSource", "Mapping", "draft", "mapped_sink", "mapped_source"]
