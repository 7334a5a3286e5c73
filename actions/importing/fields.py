"""What can be imported: for each kind its fields, and the headers by which they are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rules.text import folded

MOST_ROWS, MOST_COLUMNS = 50_000, 100


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a kind. ``known_as`` are headers that mean it, in English and Chinese; ``example`` fills the template."""

    name: str
    known_as: tuple[str, ...]
    example: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """Something that is imported, ``most`` rows of it at a time."""

    name: str
    fields: tuple[Field, ...]
    most: int = MOST_ROWS

    def field(self, name: str) -> Field:
        """The field of this name. KeyError."""
        return {each.name: each for each in self.fields}[name]


_NAME = ("name", "full name", "customer", "customer name", "姓名", "名字", "客户", "客户姓名", "顾客")
_PHONE = (
    "phone",
    "mobile",
    "mobile number",
    "phone number",
    "telephone",
    "tel",
    "手机",
    "手机号",
    "手机号码",
    "电话",
    "联系电话",
)
_EMAIL = ("email", "e-mail", "mail", "e-mail address", "email address", "邮箱", "电子邮箱", "电子邮件", "邮件")
_COMPANY = ("company", "organisation", "organization", "firm", "公司", "单位", "企业")
_PLACE = ("place", "location", "branch", "门店", "地点", "网点", "分店")
_LEADER = (
    "leader", "leads", "leads the team", "team leader", "lead", "组长", "负责人", "团队负责人", "领导", "主管",
)  # fmt: skip
_TEAM = ("team", "department", "group", "团队", "部门", "小组")

CUSTOMERS = Kind(
    "customers",
    (
        Field("name", _NAME, "Mei Chen", required=True),
        Field("phone", _PHONE, "+86 138 0013 8000"),
        Field("email", _EMAIL, "mei@example.com"),
        Field("company", _COMPANY, "Example Ltd"),
        Field("level", ("level", "customer level", "grade", "等级", "客户等级", "级别"), "A"),
        Field("region", ("region", "area", "地区", "区域", "省份"), "East"),
        Field("note", ("note", "notes", "remark", "remarks", "comment", "备注", "说明"), "Prefers mornings"),
    ),
)
RESOURCES = Kind(
    "resources",
    (
        Field("slug", ("slug", "code", "short name", "代码", "编号", "简称"), "room-9"),
        Field("name", ("name", "title", "resource", "名称", "姓名", "资源"), "Garden room", required=True),
        Field("kind", ("kind", "type", "category", "类型", "种类", "类别"), "room", required=True),
        Field("location", _PLACE, "", required=True),
        Field("email", _EMAIL, ""),
        Field("skills", ("skills", "skill", "tags", "技能", "标签"), "projector, quiet"),
        Field("capacity", ("capacity", "how many", "units", "number", "数量", "容量"), "1"),
        Field("weight", ("weight", "权重"), "1"),
    ),
    most=2000,
)
ACCOUNTS = Kind(
    "accounts",
    (
        Field("email", (*_EMAIL, "account", "帐号", "账号"), "lin@example.com", required=True),
        Field("name", (*_NAME, "staff", "employee", "员工", "员工姓名"), "Lin Zhao", required=True),
        Field("role", ("role", "right", "rights", "角色", "权限", "职务"), "staff", required=True),
        Field("team", _TEAM, "Sales"),
        Field("leader", _LEADER, "no"),
        Field("location", _PLACE, ""),
        Field("resource", ("booked as", "resource", "可预约", "资源", "对应资源"), ""),
    ),
    most=2000,
)
BOOKINGS = Kind(
    "bookings",
    (
        Field("name", _NAME, "Mei Chen", required=True),
        Field("phone", _PHONE, "+86 138 0013 8000"),
        Field("email", _EMAIL, "mei@example.com"),
        Field("company", _COMPANY, ""),
        Field("service", ("service", "what", "appointment type", "服务", "项目", "服务项目"), "", required=True),
        Field("location", _PLACE, ""),
        Field("day", ("day", "date", "start", "start date", "日期", "预约日期", "开始"), "2026-12-14", required=True),
        Field("time", ("time", "start time", "时间", "预约时间", "开始时间", "start", "开始"), "10:00"),
        Field("minutes", ("minutes", "duration", "length", "分钟", "时长"), ""),
        Field("with", ("with", "staff", "resource", "人员", "员工", "服务人员", "资源"), ""),
        Field("seats", ("seats", "people", "人数", "座位"), "1"),
        Field("status", ("status", "state", "状态"), "confirmed"),
        Field("price", ("price", "amount", "价格", "金额"), ""),
    ),
)
KINDS: Mapping[str, Kind] = {each.name: each for each in (CUSTOMERS, RESOURCES, ACCOUNTS, BOOKINGS)}


def guessed(kind: Kind, heads: Sequence[str]) -> dict[str, int]:
    """The column of each field whose header is known, each column once; the first field that wants it has it."""
    plain = [_bare(each) for each in heads]
    found: dict[str, int] = {}
    for field in kind.fields:
        wanted = map(_bare, (field.name, *field.known_as))
        column = next((n for word in wanted for n, head in enumerate(plain) if head == word), None)
        if column is not None and column not in found.values():
            found[field.name] = column
    return found


def _bare(head: str) -> str:
    """Letters and figures only: people write e-mail in every way."""
    return "".join(each for each in folded(head) if each.isalnum())
