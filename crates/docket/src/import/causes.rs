//! What the codes of refused rows mean, in Chinese. The sentence behind a code is the center's own and English;
//! the code is what people look for first.

use crate::output::Output;

/// Code and meaning.
const CAUSES: &[(&str, &str)] = &[
    ("bad_encoding", "编码不符"),
    ("bad_utf8", "不是 UTF-8"),
    ("control_character", "含有控制字符"),
    ("duplicate", "订单重复"),
    ("empty", "内容为空"),
    ("malformed_json", "不是有效的 JSON"),
    ("money_differs", "金额写法不一致"),
    ("no_lines", "没有商品行"),
    ("no_order", "没有对应的订单"),
    ("not_a_country", "不是国家或地区代码"),
    ("not_a_currency", "不是货币"),
    ("not_a_number", "不是数字"),
    ("not_a_time", "不是时间"),
    ("not_a_word", "不是可用的词"),
    ("not_an_id", "不是编号"),
    ("not_supported", "不支持"),
    ("not_trimmed", "首尾有空格"),
    ("not_yes_or_no", "不是 true 或 false"),
    ("null_not_allowed", "不能为 null"),
    ("open_quote", "引号没有结束"),
    ("out_of_place", "不应出现"),
    ("required", "缺少必填项"),
    ("too_deep", "嵌套过深"),
    ("too_large", "数值过大"),
    ("too_long", "过长"),
    ("too_many", "过多"),
    ("too_many_fields", "一个对象的字段过多"),
    ("too_many_values", "一行中的值过多"),
    ("too_precise", "小数位过多"),
    ("too_small", "数值过小"),
    ("unknown_field", "没有此字段"),
    ("unknown_status", "状态词未知"),
    ("wrong_cells", "列数不符"),
    ("wrong_type", "类型不符"),
];

/// A code as people read it.
pub fn shown(code: &str, out: &Output) -> String {
    match CAUSES.iter().find(|(known, _)| *known == code) {
        Some((_, meaning)) => out.say(code, &format!("{meaning}（{code}）")).to_owned(),
        None => code.to_owned(),
    }
}
