"""What each problem code means and what to do: the titles of problems and the pages under /docs/errors."""

from __future__ import annotations

from typing import NamedTuple


class Advice(NamedTuple):
    """A short title, one sentence that says what to do, and both in Chinese."""

    title: str
    todo: str
    title_zh: str
    todo_zh: str


ADVICE: dict[str, Advice] = {
    "malformed_request": Advice(
        "The request cannot be read",
        "Send well-formed JSON (or multipart, where the endpoint takes files) and the headers the endpoint asks for.",
        "请求无法解析",
        "请发送格式正确的 JSON（或接口要求的 multipart）及所需请求头。",
    ),
    "key_missing": Advice(
        "No key was sent",
        "Send your key in the header `Authorization: Bearer <key>`.",
        "缺少密钥",
        "请在请求头 Authorization: Bearer 中发送密钥。",
    ),
    "key_invalid": Advice(
        "The key is not valid",
        "Check that the key is complete, not revoked and not expired, or ask the authoriser for a new one.",
        "密钥无效",
        "请检查密钥是否完整、未撤销、未过期，或向授权主体申请新密钥。",
    ),
    "role_not_allowed": Advice(
        "Your role may not do this",
        "Use the key of a party that holds one of the roles named in the answer.",
        "角色无权操作",
        "请使用具有所需角色的主体密钥。",
    ),
    "scope_not_allowed": Advice(
        "The key's scope does not cover this",
        "Use a key whose scopes include this action.",
        "密钥权限范围不足",
        "请使用权限范围包含此操作的密钥。",
    ),
    "csrf_invalid": Advice(
        "The session's token is missing",
        "Send the header `X-CSRF-Token` with the `csrf_token` that `GET /api/v1/session` gives, or use a key.",
        "缺少会话令牌",
        "请在请求头 X-CSRF-Token 中发送 GET /api/v1/session 返回的 csrf_token，或使用密钥。",
    ),
    "party_suspended": Advice(
        "The party is suspended",
        "Ask the authoriser to reinstate the party.",
        "主体已被暂停",
        "请联系授权主体恢复。",
    ),
    "subscription_inactive": Advice(
        "The subscription is not active",
        "Have the operator approve it, bring the documents that were demanded, or subscribe again.",
        "订购未生效",
        "请由运营机构审批，补交被要求的证明材料，或重新订购。",
    ),
    "grant_inactive": Advice(
        "The grant is not in force",
        "Ask the operator; its authorisation is suspended, exited, not yet begun or expired.",
        "授权未生效",
        "请联系运营机构：授权已暂停、退出、未开始或已到期。",
    ),
    "purpose_not_allowed": Advice(
        "The purpose is outside the grant",
        "Subscribe for a purpose that the grant names.",
        "用途超出授权",
        "请按授权列明的用途订购。",
    ),
    "commitment_missing": Advice(
        "The commitment was not accepted",
        'Send `"commitment": {"accepted": true}` with the subscription.',
        "未签署承诺书",
        "订购时请接受承诺书。",
    ),
    "two_person_required": Advice(
        "A second person is needed",
        "Have another party with the same right confirm.",
        "需要双人确认",
        "请由另一有权主体确认。",
    ),
    "separation_of_duties": Advice(
        "These duties are kept apart",
        "Have a party that does not hold the conflicting role act.",
        "职责须分离",
        "请由不兼任冲突角色的主体操作。",
    ),
    "cross_border_refused": Advice(
        "Outside the mainland is refused",
        "Subscribe from the mainland, or have the authorising body assess this export.",
        "不得向境外提供",
        "请在境内使用，或由授权主体完成出境评估。",
    ),
    "consent_missing": Advice(
        "There is no consent of this person",
        "Have the person consent to this recipient and purpose first.",
        "缺少个人同意",
        "请先取得个人针对该接收方和用途的单独同意。",
    ),
    "not_found": Advice(
        "There is no such thing",
        "Check the path and the id; what belongs to others looks the same as what does not exist.",
        "未找到",
        "请检查路径和编号；他人的资源与不存在的资源表现相同。",
    ),
    "method_not_allowed": Advice(
        "The path does not take this method",
        "Use one of the methods in the `Allow` header.",
        "不支持该方法",
        "请使用 Allow 头中列出的方法。",
    ),
    "format_not_offered": Advice(
        "The format is not offered",
        "Ask for json, csv, parquet, arrow or xlsx.",
        "不提供该格式",
        "请选择 json、csv、parquet、arrow 或 xlsx。",
    ),
    "idempotency_conflict": Advice(
        "The idempotency key was used for other content",
        "Send a new `Idempotency-Key` with a new request, or the very same content with the old one.",
        "幂等键冲突",
        "新请求请使用新的 Idempotency-Key；重试请发送相同内容。",
    ),
    "idempotency_in_progress": Advice(
        "The first request with this key still runs",
        "Repeat the request with the same `Idempotency-Key` after `Retry-After` seconds.",
        "首个请求仍在处理",
        "请在 Retry-After 秒后以相同幂等键重试。",
    ),
    "state_conflict": Advice(
        "The present state does not allow this",
        "Read the present state and do what it allows.",
        "当前状态不允许",
        "请先读取当前状态。",
    ),
    "assessment_missing": Advice(
        "An assessment is missing",
        "Attach the document that the answer names, then have it reviewed again.",
        "缺少评估文件",
        "请补充答复所列评估文件后重新审查。",
    ),
    "job_not_finished": Advice(
        "The job has no result yet",
        "Read the job until its status is done, then ask again.",
        "任务未完成",
        "请等待任务状态为 done 后再取结果。",
    ),
    "privacy_budget_exhausted": Advice(
        "The privacy budget does not suffice",
        "Ask with a smaller epsilon, ask a question you already hold, or wait until your share renews, if it does.",
        "隐私预算不足",
        "请减小 epsilon，或再问已有答案的问题；若份额会更新，也可等到更新之后。",
    ),
    "quota_exhausted": Advice(
        "The quota is used up",
        "Wait for the next period or agree a larger quota with the operator.",
        "配额已用尽",
        "请等待下一周期，或与运营机构商定更大配额。",
    ),
    "spending_limit_reached": Advice(
        "Your own spending limit is reached",
        "Raise the limit that your party set, or ask again next month.",
        "已达到自设的支出上限",
        "请提高本单位设定的上限，或下月再问。",
    ),
    "version_conflict": Advice(
        "It changed since you read it",
        "Read it again and send its new `ETag` in `If-Match`.",
        "版本冲突",
        "请重新读取并以新的 ETag 作为 If-Match。",
    ),
    "upload_too_large": Advice(
        "The upload is too large",
        "Send less: split the table or shorten the text; the answer names the limit.",
        "上传过大",
        "请减小文件或文本大小。",
    ),
    "media_type_unsupported": Advice(
        "The content type is not taken here",
        "Send application/json, or for tables CSV, Parquet or XLSX as the endpoint says.",
        "不支持的内容类型",
        "请发送 application/json；数据表请使用 CSV、Parquet 或 XLSX。",
    ),
    "field_invalid": Advice(
        "A field is not valid",
        "Correct the fields named in `fields`.",
        "字段无效",
        "请更正 fields 中列出的字段。",
    ),
    "table_malformed": Advice(
        "A table cannot be read as declared",
        "Correct the file so that it has the declared columns and types.",
        "数据表格式错误",
        "请按登记的列和类型更正文件。",
    ),
    "grade_refused": Advice(
        "Data of this grade is not taken",
        "Core, secret or ungraded data cannot be registered; grade it first.",
        "分级不予受理",
        "核心、涉密或未分级数据不可登记，请先分级。",
    ),
    "sql_syntax": Advice(
        "The SQL cannot be parsed",
        "Correct the statement at the place named.",
        "SQL 语法错误",
        "请更正所示位置的语句。",
    ),
    "sql_not_allowed": Advice(
        "This SQL is not answered",
        "Ask for aggregates (COUNT, SUM, AVG) in one SELECT, in the form that the sentence names.",
        "不支持的 SQL",
        "请使用单条 SELECT 和 COUNT、SUM、AVG，并按答复中的说明改写。",
    ),
    "unknown_column": Advice(
        "There is no such column",
        "Use the names in the resource's catalogue entry.",
        "列不存在",
        "请使用目录中登记的表名和列名。",
    ),
    "bound_missing": Advice(
        "A bound is missing",
        "Ask the registrar to declare bounds for the column, or leave it out.",
        "缺少取值范围",
        "请由登记方声明该列的取值范围。",
    ),
    "unit_missing": Advice(
        "The privacy unit is missing",
        "Declare the unit of the resource and of each table that is not public.",
        "缺少保护单位",
        "请声明资源及各非公开表的保护单位。",
    ),
    "epsilon_invalid": Advice(
        "The epsilon is not valid",
        "Send a positive decimal number such as 0.5 within the limits of the product.",
        "epsilon 无效",
        "请发送正的十进制数，例如 0.5。",
    ),
    "price_above_ceiling": Advice(
        "The price is above its ceiling",
        "Set a price at or below the ceiling.",
        "价格超过上限",
        "请将价格设为不高于上限。",
    ),
    "ceilings_exceed_revenue": Advice(
        "The ceilings exceed the permitted revenue",
        "Lower ceilings or forecasts by the excess named.",
        "上限总额超过准许收入",
        "请按所示超额下调上限。",
    ),
    "emergency_stop": Advice(
        "An emergency stop is in force",
        "Wait until it is lifted; the authoriser knows why it was raised.",
        "紧急停用中",
        "请等待解除；原因可咨询授权主体。",
    ),
    "rate_limited": Advice(
        "Too many requests", "Wait for `Retry-After` seconds.", "请求过于频繁", "请等待 Retry-After 秒。"
    ),
    "execution_failed": Advice(
        "The service failed",
        "Try again; if it persists report the reference to the host.",
        "执行失败",
        "请重试；若持续失败，请将编号报告给平台。",
    ),
    "not_ready": Advice(
        "The service is not ready",
        "Try again after `Retry-After` seconds.",
        "服务未就绪",
        "请在 Retry-After 秒后重试。",
    ),
    "integrity_stop": Advice(
        "The service stopped to protect its record",
        "The log is ahead of the database; the host has to recover it first.",
        "完整性停机",
        "日志领先于数据库，须由平台先行恢复。",
    ),
    "source_unavailable": Advice(
        "A connected database does not answer",
        "Try again later; if it persists ask the host, who connected it, whether it is reachable and how fast it is.",
        "接入的数据库无法访问",
        "请稍后重试；若持续失败，请联系平台检查其接入的数据库。",
    ),
}
