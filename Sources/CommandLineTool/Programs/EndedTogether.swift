import Glibc
import Synchronization

/// A program that must not outlive this process when a signal ends it.
enum EndedTogether {
    /// 0: there is none. Read by a signal handler.
    private static let process = Atomic<pid_t>(0)
    private static let signals = [SIGINT, SIGTERM, SIGHUP]

    static func begin(with process: pid_t) {
        Self.process.store(process, ordering: .sequentiallyConsistent)
        for number in signals {
            signal(number) { number in
                let process = EndedTogether.process.load(ordering: .sequentiallyConsistent)
                if process > 0 { kill(process, SIGTERM) }
                signal(number, SIG_DFL)
                raise(number)
            }
        }
    }

    static func end() {
        for number in signals { signal(number, SIG_DFL) }
        process.store(0, ordering: .sequentiallyConsistent)
    }
}
