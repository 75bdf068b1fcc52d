//! What an import opens before it takes anything: its files, the file for its report, and a center. Whatever is
//! wrong with them is said while nothing was done yet.

use super::Args;
use crate::center::{self, Center, own};
use crate::cli::Options;
use crate::config;
use crate::failure::Failure;
use crate::output::Output;
use crate::said::{Said, said};
use std::fs::File;
use std::io;
use std::path::Path;

/// Refuses files that cannot be read: all of them at once.
pub fn check_files(args: &Args) -> Result<(), Failure> {
    let named = args.files.iter().filter(|path| path.as_os_str() != "-").chain(&args.map);
    let wrong: Vec<Said> = named.filter_map(|path| unreadable(path)).collect();
    let Some(all) = wrong.into_iter().reduce(Said::and) else { return Ok(()) };
    Err(Failure::usage(said!("cannot read", "无法读取").because(all))
        .next(said!("Check the names; nothing was taken.", "请检查文件名；尚未导入任何订单。")))
}

fn unreadable(path: &Path) -> Option<Said> {
    let opened = File::open(path).and_then(|file| file.metadata());
    let error = match opened {
        Ok(found) if found.is_dir() => io::ErrorKind::IsADirectory.into(),
        Ok(_) => return None,
        Err(error) => error,
    };
    Some(Said::as_told(path.display()).because(&error))
}

/// Makes the file of the report, so that an import is not done for nothing.
pub fn report_file(path: &Path, args: &Args) -> Result<File, Failure> {
    let shown = path.display();
    let same = |other: &Path| {
        path.canonicalize().is_ok_and(|path| other.canonicalize().is_ok_and(|other| path == other))
    };
    if args.files.iter().chain(&args.map).any(|other| same(other)) {
        return Err(Failure::usage(said!(
            "--report {shown} is one of the files that are read",
            "--report {shown} 是要读取的文件之一"
        ))
        .next(said!("Name another file.", "请指定其他文件。")));
    }
    File::create(path).map_err(|error| {
        Failure::usage(said!("cannot write {shown}", "无法写入 {shown}").because(&error)).next(
            said!("Name another file; nothing was taken.", "请指定其他文件；尚未导入任何订单。"),
        )
    })
}

/// Does `work` in the center of the options. A dry run where there is no center yet is made in an empty one,
/// which is thrown away.
pub async fn with_center<T>(
    args: &Args,
    options: &Options,
    out: &Output,
    work: impl AsyncFnOnce(&Center) -> Result<T, Failure>,
) -> Result<T, Failure> {
    if !args.dry_run || options.server.is_some() {
        return center::with(options, work).await;
    }
    let config = config::load(options, None)?;
    if center::is_there(&config).await? {
        return center::with(options, work).await;
    }
    let data = config.data.display();
    out.note(out.tell(&said!(
        "there is no center in {data} yet: checked against an empty one",
        "{data} 中还没有订单中心：以空的订单中心进行检查"
    )));
    let folder = tempfile::Builder::new().prefix("docket-dry-run-").tempdir()?;
    let (here, _) = own::OwnCenter::open(&config.clone().laid_in(folder.path())).await?;
    let center = Center::of_here(here)?;
    let done = work(&center).await;
    center.leave().await;
    done
}
