//! What a VM wrote to its first serial port, a page at a time.

use compute::SerialOutput;
use domain::{Actor, Permission, Timestamp, view::health::SerialPage};
use tokio::time::timeout;

use super::CLOUD_WAIT;
use crate::{Control, Error, environments, error::authorize, planning};

/// Bytes of one page of the serial console.
const SERIAL_PAGE: u64 = 16 * 1024;

/// A page of what the VM wrote to its first serial port: from `start` on, or the last page.
#[tracing::instrument(skip_all, fields(actor = actor.id, zone, name), err(level = "debug"))]
pub async fn load_serial_page(
    control: &Control,
    actor: &Actor,
    zone: &str,
    name: &str,
    start: Option<u64>,
) -> Result<SerialPage, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let row =
        control.live.row(zone, name).ok_or_else(|| Error::NotFound(format!("instance {name} in {zone}")))?;
    if row.instance.id.is_none() {
        // A VM that is yet to be made has written nothing. Compute Engine would say that it does not exist, and so would the page.
        let nothing = SerialOutput { contents: String::new(), start: 0, next: 0 };
        return Ok(serial_page(&nothing, None, control.clock.now()));
    }
    let environment = environments::require(control, &row.environment).await?;
    let scope = planning::scope(&environment.spec);
    let read = control.compute.serial_port_output(&scope, zone, name, ask_from(start));
    let read = timeout(CLOUD_WAIT, read)
        .await
        .map_err(|late| Error::Unavailable { what: "the serial console", source: Box::new(late) })?;
    let output = read.map_err(|error| match error {
        compute::Error::NotFound { .. } => Error::NotFound(format!("serial console of {name}")),
        error => error.into(),
    })?;
    Ok(serial_page(&output, start, control.clock.now()))
}

/// The last lines of what the VM wrote to its first serial port.
#[tracing::instrument(skip_all, fields(actor = actor.id, zone, name), err(level = "debug"))]
pub async fn load_serial_end(
    control: &Control,
    actor: &Actor,
    zone: &str,
    name: &str,
    lines: usize,
) -> Result<SerialPage, Error> {
    load_serial_page(control, actor, zone, name, None).await.map(|page| end_of(page, lines))
}

/// The page without all but its last lines.
fn end_of(mut page: SerialPage, lines: usize) -> SerialPage {
    let text = page.contents.trim_end_matches(['\r', '\n']);
    let Some((cut, _)) = text.rmatch_indices('\n').nth(lines.saturating_sub(1)) else { return page };
    // What is cut off is the page before: who wants it reads all.
    page.earlier = Some(page.start);
    page.contents.drain(..=cut);
    page.start += cut as u64 + 1;
    page
}

/// Where to read from for the page at `start`: a page before it, which shows whether something older is kept. Without a start, all that is
/// kept: the service has no way to ask for the end alone (docs/compute-emulator.md).
fn ask_from(start: Option<u64>) -> u64 {
    start.map_or(0, |start| start.saturating_sub(SERIAL_PAGE))
}

/// The page at `start`, or the last one, of what the service answered when it was asked as [`ask_from`] says.
fn serial_page(output: &SerialOutput, start: Option<u64>, read_at: Timestamp) -> SerialPage {
    let from = start.unwrap_or_else(|| output.next.saturating_sub(SERIAL_PAGE)).max(output.start);
    let (contents, from) = page(&output.contents, output.start, from);
    SerialPage {
        contents: contents.to_owned(),
        earlier: (from > output.start).then(|| from.saturating_sub(SERIAL_PAGE).max(output.start)),
        start: from,
        next: from + contents.len() as u64,
        read_at,
    }
}

/// At most a page of `text`, which begins at byte `start`, from byte `from` on; whole characters, and whole lines where it is cut.
fn page(text: &str, start: u64, from: u64) -> (&str, u64) {
    let mut begin = usize::try_from(from.saturating_sub(start)).unwrap_or(usize::MAX).min(text.len());
    while !text.is_char_boundary(begin) {
        begin += 1;
    }
    let rest = &text[begin..];
    let limit = usize::try_from(SERIAL_PAGE).unwrap_or(usize::MAX);
    let at = start + begin as u64;
    if rest.len() <= limit {
        return (rest, at);
    }
    let mut end = limit;
    while !rest.is_char_boundary(end) {
        end -= 1;
    }
    let end = rest[..end].rfind('\n').map_or(end, |line| line + 1);
    (&rest[..end], at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_ends_with_a_line_and_goes_on_where_it_ended() {
        let line = "x".repeat(99) + "\n";
        let text = line.repeat(400);
        let (first, at) = page(&text, 1000, 1000);
        assert_eq!((at, first.len() % 100, first.len() <= 16 * 1024), (1000, 0, true));
        let (second, from) = page(&text, 1000, at + first.len() as u64);
        assert_eq!(from, 1000 + first.len() as u64);
        assert!(second.starts_with('x'));
        assert_eq!(page(&text, 1000, 1_000_000), ("", 41_000), "beyond the end is nothing");
        assert_eq!(page(&text, 1000, 5).1, 1000, "what was lost cannot be read");
        let (cut, _) = page("ä", 0, 1);
        assert_eq!(cut, "");
    }

    #[test]
    fn the_end_is_whole_lines_and_says_that_there_is_more() {
        let page = |contents: &str| SerialPage {
            contents: contents.to_owned(),
            start: 100,
            next: 100 + contents.len() as u64,
            earlier: None,
            read_at: Timestamp::default(),
        };
        let two = end_of(page("one\r\ntwo\r\nthree\r\n"), 2);
        assert_eq!((two.contents.as_str(), two.start, two.earlier), ("two\r\nthree\r\n", 105, Some(100)));
        assert_eq!(two.next, 117);
        for short in ["", "one", "one\r\ntwo\r\n"] {
            assert_eq!(end_of(page(short), 2), page(short));
        }
    }

    #[test]
    fn the_way_back_ends_at_the_oldest_byte_that_is_kept() {
        let (lost, kept) = (500_000, ("y".repeat(99) + "\n").repeat(1000));
        let end = lost + kept.len() as u64;
        let read = |start: Option<u64>| {
            let at = ask_from(start).clamp(lost, end);
            let contents = kept[usize::try_from(at - lost).unwrap()..].to_owned();
            serial_page(&SerialOutput { contents, start: at, next: end }, start, Timestamp::default())
        };
        let mut page = read(None);
        assert_eq!(page.next, end);
        let mut seen = vec![page.start];
        while let Some(earlier) = page.earlier {
            page = read(Some(earlier));
            assert_eq!(page.start, earlier);
            seen.push(page.start);
        }
        assert!(seen.is_sorted_by(|later, earlier| later > earlier), "{seen:?}");
        assert_eq!((seen.len(), seen.last()), (7, Some(&lost)));
        assert_eq!(read(Some(0)).start, lost, "what was lost cannot be read");
    }
}
