"""What the sheets of a plan's workbook are called, and their columns: Chinese and English at once.

The writer and the reader of workbooks share these names, and so do the messages about an edit.
"""

from __future__ import annotations

ROSTER = "排班 Roster"
UNFILLED = "空缺 Unfilled"
COVERAGE = "区域 Coverage"
STATIONS = "站点 Stations"
VOLUNTEERS = "志愿者 Volunteers"
SUMMARY = "汇总 Summary"
GUIDE = "说明 Guide"
# The rosters as they were written: hidden, so that an edit can be told from what was there.
ORIGINAL = "_plan"

HEADERS = {
    "station": "站点 Station",
    "station_id": "站点编号 Station id",
    "district": "区域 District",
    "day": "日期 Day",
    "weekday": "星期 Weekday",
    "start": "开始 Start",
    "end": "结束 End",
    "service": "服务项目 Service",
    "post": "岗位 Post",
    "volunteer_id": "志愿者 Volunteer",
    "lead": "领队 Lead",
    "team": "人数 Team",
    "status": "状态 Status",
    "organisation_id": "组织编号 Organisation id",
    "organisation": "组织 Organisation",
    "request_id": "订单 Order",
    "option": "时段 Option",
    "options": "可选时段数 Times",
    "seats": "名额 Seats",
    "filled": "已满足 Filled",
    "empty": "空缺 Empty",
    "share": "满足率 Share",
    "reason": "原因 Reason",
    "requests": "订单数 Orders",
    "services": "次数 Services",
    "hours": "小时 Hours",
    "days": "天数 Days",
    "figure": "指标 Figure",
    "value": "数值 Value",
    "of": "总数 Of",
    "means": "含义 Meaning",
}
# What an edit of the roster may change; the other columns only tell.
EDITABLE = ("day", "start", "end", "post", "volunteer_id", "status", "request_id", "option")
NEEDED = ("post", "volunteer_id", "request_id")
STATUSES = {
    "pinned": "锁定 pinned",
    "accepted": "已接受 accepted",
    "published": "已发布 published",
    "proposed": "建议 proposed",
    "declined": "不来 declined",
}

HELP = (
    ("如何修改排班", "How to edit the roster"),
    (
        "只修改工作表“排班 Roster”中的黄色列，保存后运行："
        "matching plan 数据 --pins 本文件 --out 新计划",
        "Edit only the yellow columns of the sheet 排班 Roster; save; then run: "
        "matching plan TABLES --pins THIS_FILE --out NEW_PLAN",
    ),
    ("表中保留的每一行都会保留。", "Every row that stands in the sheet stays."),
    (
        "换人：改写志愿者编号。原来的人不再安排到该订单。",
        "To swap: write another volunteer's id. Who was there does not come back to that order.",
    ),
    (
        "取消：删除该行，或清空志愿者，或将状态改为 declined。空出的名额由系统另行安排。",
        "To take somebody off: delete the row, or empty its volunteer, or set its status to "
        "declined. The seat is filled anew.",
    ),
    (
        "增加：在末尾添加一行，填写订单、岗位和志愿者。",
        "To add: write a new row with order, post and volunteer.",
    ),
    (
        "改时间：只能改为该订单可选的时段，且该订单的每一行都要改。",
        "To move: only to another of the order's times, and in every row of the order.",
    ),
    (
        "修改若违反规则，会逐行列出，不会悄悄忽略。",
        "What an edit breaks is listed row by row; nothing is dropped in silence.",
    ),
)
