import Testing
import Units

@testable import Agent
@testable import AgentShell

/// What becomes of the commands to the keeper of the lock, and of who waits for them.
@Suite struct LockCommandsTests {
    private let commands = LockCommands()

    private func release() -> Task<Bool, Never> {
        Task { [commands] in
            await withCheckedContinuation { commands.submit(.release(heir: nil, because: nil, position: nil, $0)) }
        }
    }

    @Test func `a command that waits when nobody works any more is answered`() async {
        let waiting = release()
        var arrivals = commands.arrivals.makeAsyncIterator()
        _ = await arrivals.next()
        commands.close()
        #expect(await waiting.value == false)
        #expect(commands.next() == nil)
    }

    @Test func `a command that comes after the end is answered`() async {
        commands.close()
        #expect(await release().value == false)
        commands.submit(.heartbeat)
        #expect(commands.next() == nil)
    }

    @Test func `a command that finds no place is answered at once, and those before it keep theirs`() async {
        var arrivals = commands.arrivals.makeAsyncIterator()
        var waiting: [Task<Bool, Never>] = []
        for _ in 0..<LockCommands.limit {
            waiting.append(release())
            _ = await arrivals.next()
        }
        #expect(await release().value == false)
        for _ in waiting {
            guard case .release(_, _, _, let answer)? = commands.next() else {
                Issue.record("a command was lost")
                return
            }
            answer.resume(returning: true)
        }
        for task in waiting { #expect(await task.value) }
        #expect(commands.next() == nil)
    }

    @Test func `of many heartbeats one waits, and a command goes before it`() async {
        for _ in 0..<1000 { commands.submit(.heartbeat) }
        var arrivals = commands.arrivals.makeAsyncIterator()
        _ = await arrivals.next()
        let waiting = release()
        _ = await arrivals.next()
        guard case .release(_, _, _, let answer)? = commands.next() else {
            Issue.record("the heartbeat goes first")
            return
        }
        answer.resume(returning: true)
        #expect(await waiting.value)
        guard case .heartbeat? = commands.next() else {
            Issue.record("the heartbeat is gone")
            return
        }
        #expect(commands.next() == nil)
    }
}
