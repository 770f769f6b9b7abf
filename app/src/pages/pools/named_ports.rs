//! A pool's named ports as the lines of a field: `http 8080`.

use domain::environment::NamedPort;

use crate::form::Reader;

pub const FIELD: &str = "named_ports";

pub fn lines(ports: &[NamedPort]) -> String {
    let lines: Vec<String> = ports.iter().map(|port| format!("{} {}", port.name, port.port)).collect();
    lines.join("\n")
}

/// Empty is the environment's, but for a pool that is declared without any: that stays so.
pub fn read(reader: &mut Reader<'_>, declared: Option<&[NamedPort]>) -> Option<Vec<NamedPort>> {
    let mut ports = Vec::new();
    for line in reader.list(FIELD) {
        let parts: Vec<&str> = line.split_whitespace().collect();
        match (parts.as_slice(), parts.get(1).and_then(|port| port.parse().ok())) {
            ([name, _], Some(port)) => ports.push(NamedPort { name: (*name).to_owned(), port }),
            _ => reader.refuse(
                FIELD,
                format!("`{line}` is not a name and a port up to 65535: write it as http 8080"),
            ),
        }
    }
    let without = declared.is_some_and(<[NamedPort]>::is_empty);
    (without || !ports.is_empty()).then_some(ports)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url_state::Query;

    fn port(name: &str, port: u16) -> NamedPort {
        NamedPort { name: name.to_owned(), port }
    }

    fn sent(text: &str, declared: Option<&[NamedPort]>) -> Result<Option<Vec<NamedPort>>, Vec<String>> {
        let values = Query::default().with(FIELD, Some(text));
        let mut reader = Reader::new(&values);
        let ports = read(&mut reader, declared);
        reader.finish(ports).map_err(|problems| problems.into_iter().map(|one| one.message).collect())
    }

    #[test]
    fn ports_are_read_back_from_their_lines() {
        let ports = vec![port("http", 8080), port("http", 8081), port("grpc", 9090)];
        assert_eq!(lines(&ports), "http 8080\nhttp 8081\ngrpc 9090");
        assert_eq!(sent(&lines(&ports), None), Ok(Some(ports)));
        assert_eq!(sent(" http   8080 \n\n", None), Ok(Some(vec![port("http", 8080)])));
    }

    #[test]
    fn no_line_is_the_environments_unless_none_was_declared() {
        assert_eq!(sent("", None), Ok(None));
        assert_eq!(sent("", Some(&[port("http", 8080)])), Ok(None));
        assert_eq!(sent("", Some(&[])), Ok(Some(Vec::new())));
        assert_eq!(sent("http 80", Some(&[])), Ok(Some(vec![port("http", 80)])));
    }

    #[test]
    fn every_line_that_is_no_port_is_said() {
        let said = sent("http\nhttp 8080\nhttp 65536\na b c\nhttp -1", None).unwrap_err();
        assert_eq!(said.len(), 4, "{said:?}");
        assert!(said[0].starts_with("`http` is not a name and a port"), "{said:?}");
    }
}
