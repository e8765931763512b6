import Fence
import Glibc
import Testing
import Units

@testable import InitProcess

private func at(_ milliseconds: Int64) -> BootInstant { BootInstant(nanoseconds: milliseconds * 1_000_000) }

@Suite struct FenceWatchTests {
    @Test func `nothing is due before a deadline was set`() {
        let watch = FenceWatch()
        #expect(watch.due(now: at(1_000_000)) == nil)
        #expect(watch.nextLook == nil)
    }

    @Test func `a deadline is due from its own instant on`() {
        var watch = FenceWatch()
        watch.received(.until(at(100)))
        #expect(watch.due(now: at(99)) == nil)
        #expect(watch.due(now: at(100)) == at(100))
        #expect(watch.nextLook == at(100))
    }

    @Test(arguments: [50, 200] as [Int64]) func `a later message replaces the deadline, earlier or not`(second: Int64) {
        var watch = FenceWatch()
        watch.received(.until(at(100)))
        watch.received(.until(at(second)))
        #expect(watch.due(now: at(second - 1)) == nil)
        #expect(watch.due(now: at(second)) == at(second))
    }

    @Test func `a disarmed fence is never due`() {
        var watch = FenceWatch()
        watch.received(.until(at(100)))
        watch.received(.disarmed)
        #expect(watch.due(now: at(1_000)) == nil)
    }

    @Test func `a deadline that has passed stays in force until the agent sends something newer`() {
        var watch = FenceWatch()
        watch.received(.until(at(100)))
        let isNews = watch.killed(3, remaining: 0, now: at(103))
        #expect(isNews)
        #expect(watch.due(now: at(202)) == nil)
        #expect(watch.nextLook == at(203))
        // A start that was on its way when the agent froze.
        #expect(watch.due(now: at(10_000)) == at(100))
        watch.received(.until(at(20_000)))
        #expect(watch.due(now: at(10_000)) == nil)
        #expect(watch.due(now: at(20_000)) == at(20_000))
        _ = watch.killed(0, remaining: 0, now: at(20_000))
        watch.received(.disarmed)
        #expect(watch.due(now: at(30_000)) == nil)
        #expect(watch.nextLook == nil)
    }

    @Test func `an unfinished kill is repeated every 100 ms`() {
        var watch = FenceWatch()
        watch.received(.until(at(100)))
        _ = watch.killed(2, remaining: 2, now: at(1_100))
        #expect(watch.due(now: at(1_199)) == nil)
        #expect(watch.due(now: at(1_200)) == at(100))
    }

    @Test func `a look that finds nothing new is no news`() {
        var watch = FenceWatch()
        watch.received(.until(at(100)))
        let looks = [(2, 2), (2, 2), (2, 0), (0, 0), (0, 0), (1, 0), (0, 0)].map { killed, remaining in
            watch.killed(killed, remaining: remaining, now: at(200))
        }
        #expect(looks == [true, false, true, false, false, true, false])
    }
}

@Suite struct FencePipeTests {
    @Test func `the receiver sees the last of the messages that wait`() throws {
        let receiver = try #require(FenceReceiver())
        let handle = try FenceHandle(descriptor: receiver.writingDescriptor)
        #expect(receiver.latest() == nil)
        for instant in 1...9 { try handle.arm(until: at(Int64(instant))) }
        #expect(receiver.latest() == .until(at(9)))
        #expect(receiver.latest() == nil)
        try handle.disarm()
        #expect(receiver.latest() == .disarmed)
    }

    @Test func `a deadline before boot is not taken for a disarm`() throws {
        let receiver = try #require(FenceReceiver())
        try FenceHandle(descriptor: receiver.writingDescriptor).arm(until: BootInstant(nanoseconds: -5))
        #expect(receiver.latest() == .until(BootInstant(nanoseconds: 1)))
    }

    @Test func `a number no sender produces leaves the deadline in force`() throws {
        let receiver = try #require(FenceReceiver())
        let handle = try FenceHandle(descriptor: receiver.writingDescriptor)
        try handle.arm(until: at(7))
        var garbage = UInt64.max
        #expect(Glibc.write(receiver.writingDescriptor, &garbage, 8) == 8)
        #expect(receiver.latest() == .until(at(7)))
    }

    @Test func `programs the agent starts do not inherit the fence`() throws {
        let receiver = try #require(FenceReceiver())
        _ = fcntl(receiver.writingDescriptor, F_SETFD, 0)
        _ = try FenceHandle(descriptor: receiver.writingDescriptor)
        #expect(fcntl(receiver.writingDescriptor, F_GETFD) & FD_CLOEXEC != 0)
    }

    @Test func `a receiver that never reads makes arming fail instead of block`() throws {
        let receiver = try #require(FenceReceiver())
        let handle = try FenceHandle(descriptor: receiver.writingDescriptor)
        let error = try #require(throws: FenceError.self) {
            for instant in 1...1_000_000 { try handle.arm(until: at(Int64(instant))) }
        }
        #expect(error.code == .receiverStuck)
    }

    @Test func `a descriptor that is no pipe is refused`() throws {
        let descriptor = open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer { close(descriptor) }
        let error = try #require(throws: FenceError.self) { try FenceHandle(descriptor: descriptor) }
        #expect(error.code == .descriptorInvalid)
    }
}
