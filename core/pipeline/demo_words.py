"""What the demo workspaces sell, to whom and why they win or lose: words only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one demo workspace; amounts are in major units of its own currency."""

    deals: tuple[str, ...]
    second: str
    second_stages: tuple[tuple[str, int, int], ...]
    renewals: tuple[str, ...]
    competitors: tuple[str, ...]
    sources: tuple[str, ...]
    tags: tuple[str, ...]
    people: tuple[str, ...]
    companies: tuple[str, ...]
    cities: tuple[str, ...]
    positions: tuple[str, ...]
    unqualified: tuple[str, ...]
    mobile: str
    domain: str
    foreign: tuple[tuple[str, str], ...]
    amounts: tuple[int, ...]


CHINESE = Words(
    deals=(
        "304不锈钢卷板年度框架",
        "LED 面板灯首批订单",
        "户外家具出口柜",
        "工业轴承补货",
        "太阳能板试单",
        "纺织面料春季订货",
        "塑料托盘 5000 件",
        "五金工具套装",
        "包装纸箱季度合同",
        "空压机成套设备",
        "陶瓷餐具定制",
        "电动工具 OEM",
        "玻璃幕墙配件",
        "儿童推车样品单",
        "橡胶密封件年约",
        "厨房小家电混柜",
    ),
    second="老客户续约",
    second_stages=(("到期提醒", 60, 30), ("条款确认", 80, 14), ("续签中", 95, 10)),
    renewals=("年度框架续签", "仓储服务续约", "售后维保续约", "代理协议续签"),
    competitors=("宁波东海进出口", "广州万通贸易", "厦门远洋国际", "义乌联合商贸"),
    sources=("广交会", "1688", "转介绍", "官网询盘", "展会名片", "抖音", "老客户"),
    tags=("大客户", "加急", "外贸", "首单", "定制", "价格敏感"),
    people=(
        "王芳",
        "李伟",
        "张丽娟",
        "刘志强",
        "陈晓东",
        "杨静",
        "黄海波",
        "周婷婷",
        "吴建国",
        "徐敏",
        "孙宏宇",
        "马丽",
        "朱晓雯",
        "胡文斌",
        "郭倩",
        "何俊杰",
        "高翔",
        "林小燕",
        "罗永健",
        "梁美玲",
    ),
    companies=(
        "佛山市顺达五金制品有限公司",
        "宁波海纳灯具有限公司",
        "温州金鼎阀门有限公司",
        "义乌市百汇日用品商行",
        "青岛蓝海食品有限公司",
        "东莞精诚塑胶制品厂",
        "绍兴华锦纺织有限公司",
        "中山光源照明电器有限公司",
        "泉州力拓石材有限公司",
        "无锡恒力轴承有限公司",
        "常州绿能光伏科技有限公司",
        "台州永固模具有限公司",
    ),
    cities=("佛山", "宁波", "温州", "义乌", "青岛", "东莞", "绍兴", "中山", "泉州", "无锡", "深圳", "上海"),
    positions=("采购经理", "总经理", "外贸主管", "采购员", "副总经理", "老板"),
    unqualified=("预算不足", "只是比价", "需求已取消", "不在经营范围"),
    mobile="13{:09d}",
    domain="{}@example.cn",
    foreign=(("USD", "7.12"), ("EUR", "7.78")),
    amounts=(28_000, 46_000, 68_000, 96_000, 135_000, 180_000, 240_000, 360_000, 580_000, 1_260_000),
)
ENGLISH = Words(
    deals=(
        "Annual licence, 50 seats",
        "Warehouse module roll-out",
        "Pilot in two plants",
        "Integration with SAP",
        "Mobile app for drivers",
        "Upgrade to Enterprise",
        "Customs documents package",
        "Training for key users",
        "Route planning add-on",
        "Group-wide framework",
        "Supplier portal",
        "Data migration project",
        "Analytics for sales",
        "Second site in Poland",
        "Hosting in the EU",
        "Barcode terminals",
    ),
    second="Renewals",
    second_stages=(("Reminder sent", 60, 30), ("Terms agreed", 80, 14), ("Renewal out", 95, 10)),
    renewals=("Licence renewal", "Support renewal", "Hosting renewal", "Maintenance renewal"),
    competitors=("Northwind Systems", "Fabrikam Cloud", "Contoso Logistics", "Tailspin Software"),
    sources=("Trade fair", "Website", "Referral", "Webinar", "Cold call", "Partner", "LinkedIn"),
    tags=("key account", "urgent", "export", "first order", "custom", "price-sensitive"),
    people=(
        "Anna Kowalski",
        "Marco Rossi",
        "Sofia Andersson",
        "Liam O'Brien",
        "Elena Petrova",
        "Jonas Keller",
        "Marta Silva",
        "Noah Jensen",
        "Chloé Martin",
        "Omar Haddad",
        "Grace Miller",
        "Daniel Novak",
        "Isabel Ruiz",
        "Peter van Dijk",
        "Hanna Virtanen",
        "Tomás Costa",
        "Julia Bauer",
        "Ethan Brooks",
        "Aisha Khan",
        "Felix Wagner",
    ),
    companies=(
        "Alpine Freight GmbH",
        "Baltic Timber OÜ",
        "Cobalt Tools Ltd",
        "Delta Packaging SA",
        "Evergreen Foods BV",
        "Fjord Marine AS",
        "Granite Works SpA",
        "Harbour Lines Ltd",
        "Iberia Textiles SL",
        "Jura Watches SA",
        "Kestrel Aviation Inc",
        "Lumen Lighting AB",
    ),
    cities=(
        "Hamburg",
        "Milan",
        "Gothenburg",
        "Dublin",
        "Vienna",
        "Zurich",
        "Porto",
        "Aarhus",
        "Lyon",
        "Austin",
    ),
    positions=("Head of purchasing", "Managing director", "IT manager", "COO", "Buyer", "Logistics manager"),
    unqualified=("No budget", "Only comparing prices", "Project cancelled", "Not our field"),
    mobile="+49151{:08d}",
    domain="{}@example.com",
    foreign=(("EUR", "1.09"), ("GBP", "1.27")),
    amounts=(4_500, 7_800, 12_000, 18_500, 26_000, 39_000, 58_000, 84_000, 140_000, 320_000),
)


def words_for(locale: str) -> Words:
    """The words of a workspace's language."""
    return CHINESE if locale == "zh_CN" else ENGLISH
