/// The lexical rules that `pg_hba.conf` and `pg_ident.conf` share (PostgreSQL `hba.c`).
enum AuthenticationLine {
    struct Field: Hashable {
        let text: String
        /// Quoting takes the special meaning from `all`, `samenet` and the like.
        let isQuoted: Bool
    }

    /// The blank-separated fields of one line; empty for a comment.
    ///
    /// A comma joins what follows to the field before it: `"a b", c` is one field.
    static func fields(of line: String) throws(HBARule.ParseFailure) -> [Field] {
        var fields: [Field] = []
        var text = ""
        var isOpen = false
        var isQuoted = false
        var inQuotes = false
        var afterComma = false

        for scalar in line.unicodeScalars {
            if scalar == "\n" || scalar == "\r" || scalar.value == 0 {
                throw HBARule.ParseFailure(reason: "is more than one line")
            }
            if inQuotes {
                if scalar == "\"" { inQuotes = false } else { text.unicodeScalars.append(scalar) }
                continue
            }
            switch scalar {
            case "\"":
                inQuotes = true
                isQuoted = true
                isOpen = true
                afterComma = false
            case "#":
                if isOpen { fields.append(Field(text: text, isQuoted: isQuoted)) }
                return fields
            case " ", "\t":
                if isOpen && !afterComma {
                    fields.append(Field(text: text, isQuoted: isQuoted))
                    text = ""
                    isOpen = false
                    isQuoted = false
                }
            case ",":
                guard isOpen, !afterComma else {
                    throw HBARule.ParseFailure(reason: "has a comma without a name before it")
                }
                text.unicodeScalars.append(scalar)
                afterComma = true
            case _:
                text.unicodeScalars.append(scalar)
                isOpen = true
                afterComma = false
            }
        }
        if inQuotes { throw HBARule.ParseFailure(reason: "has a quote that is never closed") }
        if afterComma { throw HBARule.ParseFailure(reason: "ends with a comma") }
        if isOpen { fields.append(Field(text: text, isQuoted: isQuoted)) }
        return fields
    }

    /// The files that lines name by `@`, as `hba.c` finds them: at the beginning of a name, and not in quotation marks. They
    /// hold more names of the same kind.
    static func namedFiles(in text: String) -> [String] {
        var files: [String] = []
        for line in text.split(whereSeparator: \.isNewline) {
            var name = ""
            var (isNamed, inQuotes, isAtStart) = (false, false, true)
            func end() {
                if isNamed, !name.isEmpty { files.append(name) }
                (name, isNamed, isAtStart) = ("", false, true)
            }
            for character in line {
                if character == "#", !inQuotes { break }
                if !inQuotes, character == " " || character == "\t" || character == "," {
                    end()
                } else if character == "\"" {
                    inQuotes.toggle()
                    isAtStart = false
                } else if character == "@", isAtStart {
                    (isNamed, isAtStart) = (true, false)
                } else {
                    name.append(character)
                    isAtStart = false
                }
            }
            end()
        }
        return files
    }

    /// `name` as a field of its own, whatever it contains; names cannot contain `"` in these files before PostgreSQL 16.
    static func quoted(_ name: String) -> String {
        "\"" + name.filter { $0 != "\"" && $0 != "\n" && $0 != "\r" } + "\""
    }
}
