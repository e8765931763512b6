import Glibc
import Spawning

/// The editor of whoever sits at the terminal.
struct TextEditor {
    /// What the shell starts it with.
    var command: String

    /// The one in `KUBE_EDITOR` or `EDITOR`, otherwise `editor` or `vi`.
    ///
    /// - Throws: ``CommandError`` when there is none.
    init() throws {
        let named = ["KUBE_EDITOR", "EDITOR"].lazy.compactMap { (name: String) in
            getenv(name).map { String(cString: $0) }
        }
        .first { !$0.isEmpty }
        guard let command = named ?? ["editor", "vi"].first(where: { ChildProgram.isInstalled($0) }) else {
            throw CommandError("EDITOR is not set, and neither editor nor vi is installed")
        }
        self.command = command
    }

    /// Has the text edited, in a file only its owner can read, which is removed.
    ///
    /// - Parameter remark: stands above the text, as comments.
    /// - Throws: ``CommandError`` when the editor fails; what was written so far stays in the file then, which it names.
    func edited(_ text: String, remark: String?) throws -> String {
        let comments = (remark ?? "").split(separator: "\n").map { "# \($0)\n" }.joined()
        let file = try PrivateFile(comments + text, suffix: ".yaml")
        do {
            // The command may have arguments of its own, as a shell takes them.
            let status = try ChildProgram(["/bin/sh", "-c", "\(command) \"$0\"", file.path]).run()
            guard status == 0 else {
                throw CommandError("\(command) ended with status \(status); nothing was changed")
            }
            let edited = try Self.withoutRemark(file.contents())
            file.remove()
            return edited
        } catch let error as CommandError {
            throw CommandError("\(error.description). What was written is in \(file.path)")
        }
    }

    /// Keeps what was written, where only its owner can read it.
    ///
    /// - Returns: where.
    static func keep(_ text: String) throws -> String { try PrivateFile(text, suffix: ".yaml").path }

    private static func withoutRemark(_ text: String) -> String {
        var rest = text[...]
        while rest.hasPrefix("#") {
            rest = rest.drop { $0 != "\n" }.dropFirst()
        }
        return String(rest)
    }
}
