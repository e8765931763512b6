import Synchronization

/// What a program says while it runs: the first lines, which tell what is wrong.
final class ToolLines: Sendable {
    private let kept = Mutex<[String]>([])

    var lines: [String] { kept.withLock { $0 } }

    func note(_ line: String) {
        kept.withLock { if $0.count < 200 { $0.append(line) } }
    }
}
