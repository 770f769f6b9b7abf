//! A digest in short groups, so that two screens can be compared by eye.

use leptos::prelude::*;

/// `7F3A 91C0 …`: groups of four, in capitals.
pub fn groups(hex: &str) -> Vec<String> {
    let digits: Vec<char> = hex.chars().map(|digit| digit.to_ascii_uppercase()).collect();
    digits.chunks(4).map(|group| group.iter().collect()).collect()
}

pub fn digest(label: String, hex: &str) -> AnyView {
    let groups = groups(hex).into_iter().map(|group| view! { <span>{group}</span> " " }).collect_view();
    view! {
        <div class="well">
            <p class="sm muted">{label}</p>
            <code class="digest">{groups}</code>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::groups;

    #[test]
    fn a_digest_is_read_in_groups_of_four() {
        assert_eq!(groups("7f3a91c05"), ["7F3A", "91C0", "5"]);
        assert_eq!(groups(&"ab".repeat(32)).len(), 16);
    }
}
