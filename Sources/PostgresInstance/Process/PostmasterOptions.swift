/// `postmaster.opts`: the command line of the running (or last) postmaster.
enum PostmasterOptions {
    /// The parameters given with `-c`, from `/usr/…/postgres "-D" "/data" "-c" "port=5432"`.
    static func parameters(parsing text: String) -> [String: String] {
        var words: [String] = []
        var word: String?
        for character in text {
            if character == "\"" {
                if let complete = word { words.append(complete) }
                word = word == nil ? "" : nil
            } else {
                word?.append(character)
            }
        }
        var result: [String: String] = [:]
        for (flag, setting) in zip(words, words.dropFirst()) where flag == "-c" {
            let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { result[String(parts[0])] = String(parts[1]) }
        }
        return result
    }
}
