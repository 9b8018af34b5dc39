"""What people call the fields of records in the first line of their files. Pure data, in both languages."""

from __future__ import annotations

from typing import Final

COMPANY: Final = (
    "公司 公司名称 公司名 客户 客户名称 客户名 所属客户 所属公司 企业 企业名称 单位 单位名称 工作单位 客户公司 "
    "company companyname customer customername account accountname organization organisation firm business"
)
"""In a file of customers their own name; elsewhere the customer that somebody or something belongs to."""

PERSON: Final = "姓名 名字 联系人 联系人姓名 客户姓名 联系人名称 fullname contactname person contact"

WORDS: Final[dict[str, str]] = {
    "name": "名称 名 全称 线索 线索名称 商机 商机名称 商机标题 项目名称 deal dealname opportunity lead leadname",
    "title": "标题 任务 任务名称 主题 事项 task subject todo",
    "mobile": "手机 手机号 手机号码 移动电话 联系手机 mobile cell cellphone mobilephone mobilenumber mobileno",
    "phone": "电话 电话号码 固定电话 固话 座机 联系电话 办公电话 公司电话 联系方式 tel telephone phonenumber "
    "telephonenumber businessphone phoneno",
    "email": "邮箱 电子邮箱 电子邮件 邮件 邮箱地址 mail emailaddress emailid",
    "wechat": "微信 微信号 weixin wechatid",
    "whatsapp": "whatsapp whatsappnumber",
    "owner_id": "负责人 业务员 销售 销售员 销售代表 销售人员 归属人 所有者 跟进人 客户经理 执行人 owner salesperson "
    "salesrep salesman accountowner accountmanager assignedto assignee responsible",
    "city": "城市 市 所在城市 地市 town",
    "region": "省 省份 省市 所在省份 地区 区域 州 province state",
    "country": "国家 国别 国家地区 所在国家 countrycode nation",
    "street": "地址 详细地址 公司地址 联系地址 街道 address streetaddress addressline1",
    "postal_code": "邮编 邮政编码 zip zipcode postcode postal",
    "website": "网址 网站 官网 公司网址 主页 homepage web url site",
    "industry": "行业 所属行业 行业类型 sector branch",
    "staff_count": "人数 员工数 员工人数 公司规模 人员规模 规模 employees staff headcount size numberofemployees",
    "source": "来源 客户来源 线索来源 商机来源 渠道 获客渠道 leadsource channel",
    "tags": "标签 客户标签 tag labels label",
    "notes": "备注 说明 描述 附注 备注信息 remark remarks comment comments note description memo",
    "stage": "阶段 客户阶段 生命周期 lifecycle lifecyclestage",
    "stage_id": "阶段 销售阶段 商机阶段 stage dealstage",
    "pipeline_id": "管道 销售流程 销售管道 pipeline",
    "kind": "类型 客户类型 客户性质 type customertype",
    "class_id": "分类 客户分类 客户类别 客户级别 客户等级 category class",
    "position": "职位 职务 岗位 jobtitle job",
    "department": "部门 所属部门 dept division",
    "role": "角色 决策角色",
    "birthday_on": "生日 出生日期 出生年月 birthdate dateofbirth dob",
    "founded_on": "成立日期 成立时间 founded",
    "next_follow_up_on": "下次跟进 下次跟进日期 下次跟进时间 下次联系时间 下次联系 nextfollowup followupdate",
    "external_id": "外部编号 外部id 系统编号 原系统编号 id externalid key reference",
    "number": "编号 客户编号 客户编码 客户代码 商机编号 customernumber customerno number no",
    "amount_minor": "金额 预计金额 商机金额 预计成交金额 合同金额 amount value dealvalue dealamount revenue",
    "currency": "币种 货币 币别 currencycode",
    "probability": "概率 成功率 赢单率 成交概率",
    "expected_close_on": "预计成交日期 预计成交时间 预计签单日期 预计结单日期 closedate expectedclose closingdate",
    "due_on": "截止日期 截止时间 到期日 完成期限 duedate due deadline",
    "priority": "优先级 紧急程度 重要程度 priority importance",
    "rating": "热度 评级 意向 意向度 线索级别 temperature",
    "contact_id": "联系人 联系人姓名 contact contactname",
    "reports_to_id": "上级 汇报对象 直属上级 manager supervisor",
}
