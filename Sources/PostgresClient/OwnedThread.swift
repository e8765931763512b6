import Glibc

/// A detached thread for one blocking piece of work.
public enum OwnedThread {
    /// Starts `body` on a new thread with all signals blocked: signals are the main thread's business.
    ///
    /// - Parameter name: cut at 15 bytes, the kernel's limit.
    public static func start(name: String, _ body: @escaping @Sendable () -> Void) {
        let work = Unmanaged.passRetained(Work(name: name, body: body)).toOpaque()
        // A full process table passes; without threads for a second no deadline can be kept, and init starts us again.
        for _ in 0..<100 {
            if startDetached(work) { return }
            usleep(10_000)
        }
        fatalError("cannot start a thread")
    }

    private static func startDetached(_ work: UnsafeMutableRawPointer) -> Bool {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        // libpq and getaddrinfo are content with this; the default of 8 MiB is only address space, but limits count it.
        pthread_attr_setstacksize(&attributes, 512 << 10)
        var thread = pthread_t()
        let status = pthread_create(&thread, &attributes, runOwnedThread, work)
        pthread_attr_destroy(&attributes)
        return status == 0
    }

    fileprivate final class Work: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }
}

private func runOwnedThread(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    let work = Unmanaged<OwnedThread.Work>.fromOpaque(argument).takeRetainedValue()
    setThreadName(work.name)
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, nil)
    work.body()
    return nil
}

/// `pthread_setname_np` is not in Swift's Glibc module; a thread that keeps its parent's name is no error.
private func setThreadName(_ name: String) {
    let descriptor = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = Array(name.utf8.prefix(15)).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    close(descriptor)
}
