/// `text` cut to so many Unicode scalars, the last of them "…": anybody may have written it, and one sentence too long must not
/// have the whole object refused.
public func bounded(_ text: String, to scalars: Int) -> String {
    text.unicodeScalars.count > scalars ? String(text.unicodeScalars.prefix(scalars - 1)) + "…" : text
}
