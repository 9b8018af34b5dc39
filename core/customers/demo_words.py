"""What the customers of the demo workspaces are called, and where they are."""

from typing import Final, NamedTuple


class Town(NamedTuple):
    """A town with what its telephone numbers begin with."""

    name: str
    region: str
    country: str
    phone: str
    mobile: str
    streets: tuple[str, ...]
    postal_code: str


class Words(NamedTuple):
    """The vocabulary of one demo workspace."""

    towns: tuple[Town, ...]
    brands: tuple[str, ...]
    trades: tuple[tuple[str, str], ...]
    """What a company does, and the class that it belongs to."""
    forms: tuple[str, ...]
    company: str
    persons: tuple[str, ...]
    classes: tuple[tuple[str, tuple[str, ...]], ...]
    sources: tuple[str, ...]
    tags: tuple[str, ...]
    addresses: tuple[str, ...]
    notes: tuple[str, ...]
    domain: str


_ROADS = ("工业大道", "建设路", "兴业路", "人民中路", "科技园南路", "创业大道", "解放路", "港口路")


def _town(name: str, region: str, phone: str, postal_code: str) -> Town:
    return Town(name, region, "CN", f"+86{phone}", "+8613", _ROADS, postal_code)


CHINESE: Final = Words(
    towns=(
        _town("佛山", "广东", "757", "528000"),
        _town("广州", "广东", "20", "510000"),
        _town("深圳", "广东", "755", "518000"),
        _town("东莞", "广东", "769", "523000"),
        _town("中山", "广东", "760", "528400"),
        _town("上海", "上海", "21", "200000"),
        _town("宁波", "浙江", "574", "315000"),
        _town("义乌", "浙江", "579", "322000"),
        _town("温州", "浙江", "577", "325000"),
        _town("苏州", "江苏", "512", "215000"),
        _town("厦门", "福建", "592", "361000"),
        _town("青岛", "山东", "532", "266000"),
        _town("成都", "四川", "28", "610000"),
        _town("武汉", "湖北", "27", "430000"),
    ),
    brands=(
        "华信",
        "鼎盛",
        "宏达",
        "金源",
        "瑞丰",
        "天合",
        "永泰",
        "嘉禾",
        "博远",
        "恒基",
        "东升",
        "明辉",
        "新联",
        "汇通",
        "盛源",
        "凯达",
        "安捷",
        "利华",
        "海纳",
        "百川",
        "正大",
        "兴隆",
        "顺达",
        "远景",
        "德力",
        "佳美",
        "欧亚",
        "万和",
        "长虹",
        "鸿运",
        "卓越",
        "银河",
        "宝利",
        "伟业",
        "富康",
        "星光",
        "大同",
        "美佳",
        "通达",
        "联创",
    ),
    trades=(
        ("五金制品", "五金建材"),
        ("建材", "五金建材"),
        ("阀门", "五金建材"),
        ("铝业", "五金建材"),
        ("机电设备", "机电设备"),
        ("照明电器", "机电设备"),
        ("电子科技", "机电设备"),
        ("汽车配件", "机电设备"),
        ("家具", "家居用品"),
        ("陶瓷", "家居用品"),
        ("厨具", "家居用品"),
        ("卫浴", "家居用品"),
        ("包装材料", "轻工"),
        ("纺织", "轻工"),
        ("塑胶", "轻工"),
        ("玩具", "轻工"),
        ("进出口贸易", "贸易商"),
        ("供应链管理", "贸易商"),
        ("物流", "服务业"),
        ("酒店管理", "服务业"),
    ),
    forms=("有限公司", "有限公司", "有限公司", "股份有限公司", "有限责任公司"),
    company="{town}{brand}{trade}{form}",
    persons=(
        "何志强",
        "吴美玲",
        "郑国华",
        "冯晓东",
        "梁丽珍",
        "邓伟文",
        "许建军",
        "曾庆红",
        "彭丽",
        "苏小梅",
        "卢海波",
        "蒋文静",
    ),
    classes=(
        ("生产企业", ("五金建材", "机电设备", "家居用品", "轻工")),
        ("流通企业", ("贸易商", "零售商")),
        ("其他", ("服务业", "个人客户")),
    ),
    sources=("展会", "转介绍", "官网", "电话", "阿里巴巴", "老客户"),
    tags=("重点客户", "展会", "老客户", "价格敏感", "月结", "外贸"),
    addresses=("工厂", "仓库", "门店", "开票地址"),
    notes=(
        "老板亲自管采购，报价要快。",
        "每年三月和九月集中下单。",
        "要求月结三十天，付款一直准时。",
        "对交期要求很严，迟一天都会打电话。",
        "和竞争对手合作多年，正在考虑换供应商。",
    ),
    domain=".com.cn",
)


def _city(
    name: str, region: str, country: str, numbers: tuple[str, str], streets: str, postal_code: str
) -> Town:
    return Town(name, region, country, *numbers, tuple(streets.split(", ")), postal_code)


ENGLISH: Final = Words(
    towns=(
        _city(
            "Hamburg",
            "Hamburg",
            "DE",
            ("+4940", "+49151"),
            "Speicherstraße, Am Sandtorkai, Großer Burstah",
            "20457",
        ),
        _city(
            "Berlin", "Berlin", "DE", ("+4930", "+49160"), "Torstraße, Köpenicker Straße, Kantstraße", "10119"
        ),
        _city("Munich", "Bavaria", "DE", ("+4989", "+49170"), "Leopoldstraße, Rosenheimer Straße", "80802"),
        _city("Rotterdam", "South Holland", "NL", ("+3110", "+316"), "Wilhelminakade, Coolsingel", "3072"),
        _city(
            "London", "England", "GB", ("+4420", "+447"), "City Road, Borough High Street, Old Street", "EC1V"
        ),
        _city("Manchester", "England", "GB", ("+44161", "+447"), "Deansgate, Oxford Road", "M3"),
        _city("Paris", "Île-de-France", "FR", ("+331", "+336"), "Rue de Rivoli, Avenue Daumesnil", "75004"),
        _city("Milan", "Lombardy", "IT", ("+3902", "+393"), "Via Torino, Via Tortona", "20123"),
        _city("Stockholm", "Stockholm", "SE", ("+468", "+467"), "Sveavägen, Birger Jarlsgatan", "11157"),
        _city("Chicago", "Illinois", "US", ("+1312", "+1312"), "W Wacker Dr, N Michigan Ave", "60606"),
        _city("Austin", "Texas", "US", ("+1512", "+1512"), "Congress Ave, E 6th St", "78701"),
        _city("Toronto", "Ontario", "CA", ("+1416", "+1416"), "Queen St W, Bay St", "M5H"),
        _city("Singapore", "Singapore", "SG", ("+65", "+65"), "Robinson Road, Anson Road", "068877"),
        _city("Bengaluru", "Karnataka", "IN", ("+9180", "+919"), "Residency Road, Outer Ring Road", "560025"),
        _city("Sydney", "New South Wales", "AU", ("+612", "+614"), "George Street, Pitt Street", "2000"),
    ),
    brands=(
        "Northwind",
        "Alder",
        "Harbour",
        "Keystone",
        "Meridian",
        "Vantage",
        "Bluepeak",
        "Larkfield",
        "Orion",
        "Summit",
        "Cobalt",
        "Ridgeway",
        "Halden",
        "Fairmont",
        "Quayside",
        "Sterling",
        "Beacon",
        "Juniper",
        "Copperleaf",
        "Ironbridge",
        "Silverline",
        "Evergreen",
        "Westbourne",
        "Pinecrest",
        "Lindqvist",
        "Castellan",
        "Brightwater",
        "Osprey",
        "Redwood",
        "Kestrel",
        "Marlow",
        "Tidewater",
        "Granite",
        "Hawthorn",
        "Linden",
        "Solway",
    ),
    trades=(
        ("Logistics", "Transport"),
        ("Freight", "Transport"),
        ("Shipping", "Transport"),
        ("Components", "Manufacturing"),
        ("Instruments", "Manufacturing"),
        ("Machinery", "Manufacturing"),
        ("Packaging", "Manufacturing"),
        ("Systems", "Technology"),
        ("Analytics", "Technology"),
        ("Software", "Technology"),
        ("Retail", "Retail"),
        ("Outfitters", "Retail"),
        ("Foods", "Retail"),
        ("Health", "Health care"),
        ("Clinics", "Health care"),
        ("Consulting", "Professional services"),
        ("Partners", "Professional services"),
        ("Insurance", "Professional services"),
    ),
    forms=("Ltd", "Inc.", "GmbH", "Group", "B.V.", "AB"),
    company="{brand} {trade} {form}",
    persons=("Helena Novak", "Marcus Webb", "Aisha Khan", "Peter Lang", "Rosa Marin", "Daniel Cho"),
    classes=(
        ("Industry", ("Manufacturing", "Transport", "Technology")),
        ("Services", ("Professional services", "Health care", "Retail")),
        ("Other", ("Freelancers",)),
    ),
    sources=("Trade fair", "Referral", "Website", "Partner", "Outbound call", "Webinar"),
    tags=("Key account", "Trade fair", "Reseller", "Price sensitive", "Net 30", "Pilot"),
    addresses=("Warehouse", "Invoice address", "Branch office", "Works"),
    notes=(
        "Decides quickly once the pilot has shown results.",
        "Budget year begins in April; talk in January.",
        "Works with a competitor until the end of the year.",
        "Wants everything in one invoice per quarter.",
        "Security review takes about six weeks.",
    ),
    domain=".example.com",
)
