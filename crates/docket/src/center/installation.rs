//! What is said where a database is not what it was taken for, and what to do.

use crate::said::{Said, said};
use docket_app::NotThis;

/// Its code for programs.
pub const fn word(error: &NotThis) -> &'static str {
    match error {
        NotThis::Seat { .. } => "other_seat",
        NotThis::Nodes { .. } | NotThis::NoNodes(_) => "other_nodes",
        NotThis::Copied { .. } => "copied",
        NotThis::NodesTaken(_) => "nodes_taken",
    }
}

/// What is wrong, in one sentence.
pub fn said(error: &NotThis) -> Said {
    match error {
        NotThis::Seat { recorded, asked } => said!(
            "this database is that of {recorded}, not of {asked}",
            "此数据库属于 {recorded}，而不是 {asked}"
        ),
        NotThis::Nodes { recorded, asked } => said!(
            "this database gives numbers with the nodes {recorded}, not {asked}",
            "此数据库使用的节点号为 {recorded}，而不是 {asked}"
        ),
        NotThis::NoNodes(branch) => {
            said!("{branch} was granted no node number", "{branch} 尚未获得节点号")
        }
        NotThis::Copied { path, id } => said!(
            "{path} is a copy of the database of installation {id}, or was moved from another disk",
            "{path} 是安装 {id} 的数据库的副本，或从其他磁盘移来"
        ),
        NotThis::NodesTaken(nodes) => said!(
            "all node numbers of this installation ({nodes}) are held by other processes",
            "此安装的全部节点号（{nodes}）均被其他进程占用"
        ),
    }
}

/// What to do about it.
pub fn next(error: &NotThis) -> Said {
    match error {
        NotThis::Seat { .. } | NotThis::Nodes { .. } => said!(
            "Name the database of this installation; `docket installation show` tells what this one is.",
            "请指定此安装的数据库；docket installation show 会说明当前数据库的身份。"
        ),
        NotThis::NoNodes(_) => said!(
            "A hub grants it one when the branch is enrolled.",
            "分店在总部登记时会获得节点号。"
        ),
        NotThis::Copied { .. } => said!(
            "Two of them would give the same order numbers. If the other file is never started again: `docket \
             installation moved`. If it goes on: `docket installation another`.",
            "两者会给出相同的订单号。若另一文件不再启动：docket installation moved；若它继续使用：docket installation \
             another。"
        ),
        NotThis::NodesTaken(_) => said!(
            "Stop processes that are not needed; one that died is free after a minute.",
            "请停止不需要的进程；已退出的进程一分钟后释放其节点号。"
        ),
    }
}
