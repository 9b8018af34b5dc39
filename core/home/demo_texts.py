"""What people of the demo workspaces say and plan, in both languages."""

from __future__ import annotations

from typing import Final, NamedTuple


class Texts(NamedTuple):
    """What was logged by kind, what is planned, where one meets."""

    logged: dict[str, tuple[str, ...]]
    tasks: tuple[str, ...]
    meetings: tuple[str, ...]
    places: tuple[str, ...]
    mention: str


CHINESE: Final = Texts(
    logged={
        "call": (
            "对方确认收到报价，下周给答复。",
            "询问交货期，要求 15 天内发货。",
            "客户对价格有异议，希望再降 3 个点。",
            "约好下周二上午到厂里看样品。",
            "采购经理出差，请下周再联系。",
            "确认付款方式：30% 预付，余款见提单。",
            "客户反馈上批货包装有破损，已记录。",
            "了解到客户正在比较两家供应商。",
            "客户要求提供 ROHS 检测报告。",
            "对方财务换人，新的开票资料稍后发来。",
        ),
        "message": (
            "微信发送了新品目录和价格表。",
            "客户在微信上确认了规格：304 不锈钢，2 毫米。",
            "发送了物流单号，客户已签收。",
            "节日问候，客户邀请下月参加他们的订货会。",
        ),
        "visit": (
            "拜访工厂，车间新增两条生产线，用量预计增加三成。",
            "现场查看仓库，库存偏低，建议提前补货。",
            "与总经理面谈，明年计划扩大出口业务。",
            "送样品到客户处，技术部当场试装通过。",
        ),
        "meeting": (
            "讨论年度框架协议，价格条款基本一致。",
            "技术交流会：客户提出三项定制要求。",
            "季度回顾：交付准时率 97%，客户满意。",
        ),
        "email": (
            "发送正式报价单，有效期 30 天。",
            "回复客户关于质保条款的问题。",
            "发送合同草稿，等待法务意见。",
        ),
        "note": (
            "决策人是总经理，采购只负责比价。",
            "客户生日在下月，准备一份小礼物。",
            "主要竞争对手：宁波的一家贸易公司，价格低但交期长。",
            "每年三月和九月集中下单。",
        ),
    },
    tasks=(
        "发送最新报价",
        "寄样品",
        "确认付款到账",
        "准备合同",
        "催收尾款",
        "跟进样品测试结果",
        "更新客户开票资料",
        "核对出货数量",
        "发送检测报告",
        "整理客户需求清单",
    ),
    meetings=("拜访客户", "产品演示", "价格谈判", "合同评审", "季度回顾"),
    places=("客户工厂", "公司会议室", "线上会议", "佛山展厅"),
    mention="@{name} 请确认这批货的交期，客户催得比较急。",
)

ENGLISH: Final = Texts(
    logged={
        "call": (
            "Confirmed that the offer arrived; answer next week.",
            "Asked about delivery: needs it within 15 days.",
            "Finds the price too high and hopes for another 3 %.",
            "Agreed on a demo next Tuesday morning.",
            "The buyer is travelling; call again next week.",
            "Payment terms settled: 30 % in advance, rest on delivery.",
            "Reported two bugs in the last release; passed on to support.",
            "They are comparing us with one other vendor.",
            "Needs our security questionnaire before the committee meets.",
            "New contact in accounting; billing details will follow.",
        ),
        "message": (
            "Sent the new price list on WhatsApp.",
            "Confirmed the number of seats: 120, growing to 200.",
            "Shared the link to the trial workspace.",
        ),
        "visit": (
            "On-site visit: two new teams will need seats from next quarter.",
            "Met the managing director; plans to expand to Asia next year.",
            "Workshop on site: the pilot group is happy with the board.",
        ),
        "meeting": (
            "Discussed the annual agreement; prices mostly settled.",
            "Technical session: three wishes for the integration.",
            "Quarterly review: uptime 99.97 %, satisfied.",
        ),
        "email": (
            "Sent the formal quotation, valid for 30 days.",
            "Answered their questions on data protection.",
            "Sent the draft contract; waiting for legal.",
        ),
        "note": (
            "The decision is the CFO's; IT only advises.",
            "Fiscal year ends in March: budget talks in January.",
            "Main competitor: a cheaper local tool without an API.",
            "Prefers short calls before ten in the morning.",
        ),
    },
    tasks=(
        "Send the updated quotation",
        "Send the trial link",
        "Check that the invoice was paid",
        "Prepare the contract",
        "Remind of the open invoice",
        "Ask how the pilot went",
        "Update billing details",
        "Send the security questionnaire",
        "Collect the list of requirements",
        "Prepare the renewal offer",
    ),
    meetings=("Customer visit", "Product demo", "Price talk", "Contract review", "Quarterly review"),
    places=("At the customer's", "Meeting room 2", "Video call", "Berlin office"),
    mention="@{name} can you confirm the delivery date? They are pressing.",
)
