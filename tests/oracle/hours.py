"""Hours of records, read from the rules anew: one record after the other, in plain Python."""

from collections import Counter, defaultdict
from datetime import timedelta
from zoneinfo import ZoneInfo

UTC = ZoneInfo("UTC")


def hours(records, policy, as_of, projects=None):
    """Return what each record counts, in minutes, and why it counts nothing."""
    zone = ZoneInfo(policy.time_zone)

    def day(moment):
        return moment.replace(tzinfo=UTC).astimezone(zone).date()

    def one_service(project):
        if project["across_days"] is not None:
            return project["across_days"]
        begin, end = project["start"], project["end"]
        if begin is None or end is None:
            return False
        return end - begin <= timedelta(days=1) and day(begin) != day(end - timedelta(minutes=1))

    def own(record, before):
        same = [other for other in records if other["record_id"] == record["record_id"]]
        if any(other != record for other in same):
            return "id_of_two"
        if record["record_id"] in before:
            return "repeated"
        if record["status"] != "done":
            return record["status"]
        start, end, entered = record["start"], record["end"], record["entered_at"]
        if start is None or end is None:
            return "no_times"
        if end <= start:
            return "ends_before_start"
        if end > as_of or (entered is not None and entered > as_of):
            return "future"
        if entered is not None and entered < end:
            return "entered_early"
        first, last = day(start), day(end - timedelta(minutes=1))
        project = None
        if projects is not None and record["request_id"] is not None:
            project = projects.get(record["request_id"])
            if project is None:
                return "unknown_project"
            if project["start"] is not None and first < day(project["start"]):
                return "outside_project"
            if project["end"] is not None and last > day(project["end"] - timedelta(minutes=1)):
                return "outside_project"
        if first != last and not (project is not None and one_service(project)):
            return "across_days"
        return None

    codes, before = [], set()
    for record in records:
        codes.append(own(record, before))
        before.add(record["record_id"])

    def turn(index):
        entered = records[index]["entered_at"]
        late = entered is None
        return (late, entered or as_of, records[index]["start"], records[index]["record_id"])

    queue = sorted((i for i, code in enumerate(codes) if code is None), key=turn)
    chosen = defaultdict(list)
    for i in queue:
        who, project, category = (
            records[i][key] for key in ("volunteer_id", "request_id", "category")
        )
        if project is None or category is None:
            continue
        mine = chosen[who, project]
        if category not in mine and len(mine) == policy.max_categories:
            codes[i] = "too_many_categories"
        elif category not in mine:
            mine.append(category)
    stand = defaultdict(list)
    for i in queue:
        if codes[i] is not None:
            continue
        start, end = records[i]["start"], records[i]["end"]
        mine = stand[records[i]["volunteer_id"]]
        if any(start < other_end and other_start < end for other_start, other_end in mine):
            codes[i] = "overlap"
        else:
            mine.append((start, end))
    counts = []
    for i, code in enumerate(codes):
        minutes = 0
        if code is None:
            minutes = (records[i]["end"] - records[i]["start"]) // timedelta(minutes=1)
            if policy.rounding == "half_hours":
                whole, rest = divmod(minutes, 60)
                minutes = whole * 60 + (0 if rest <= 15 else 30 if rest <= 45 else 60)
            codes[i] = "rounded_away" if minutes == 0 else None
        counts.append(minutes)
    return counts, codes, Counter(codes)
