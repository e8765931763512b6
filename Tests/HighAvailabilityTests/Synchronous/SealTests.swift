import HighAvailability
import Testing
import Units

@Suite struct SealTests {
    private let lock = LockRecord(version: "41", leader: "p", epoch: 7)
    private let seal = Seal(epoch: 8, lockVersion: "41")

    @Test func `the promise is for the epoch after the lock's, over the lock as it is`() {
        #expect(Seal(for: lock) == seal)
        #expect(Seal(for: nil) == Seal(epoch: 1, lockVersion: ""))
    }

    @Test func `a sealed member follows nobody while the lock is what it was when it sealed`() {
        #expect(!seal.permitsFollowing(lock))
    }

    @Test func `it follows a leader of the promised epoch, and an old one that has renewed its lock since`() {
        #expect(seal.permitsFollowing(LockRecord(version: "42", leader: "a", epoch: 8)))
        #expect(seal.permitsFollowing(LockRecord(version: "44", leader: "p", epoch: 7)))
    }

    @Test func `only who itself sees the very lock the candidate read, and sees it free, seals`() {
        let free = LockStanding.expired(holder: "p")
        #expect(judgeSeal(seal, standing: free, lock: lock, isPrimary: false) == .seal)
        #expect(judgeSeal(seal, standing: .held(by: "p"), lock: lock, isPrimary: false) != .seal)
        #expect(judgeSeal(seal, standing: free, lock: lock, isPrimary: true) != .seal)
        var renewed = lock
        renewed.version = "42"
        #expect(judgeSeal(seal, standing: free, lock: renewed, isPrimary: false) != .seal)
        #expect(
            judgeSeal(Seal(epoch: 9, lockVersion: "41"), standing: free, lock: lock, isPrimary: false) != .seal)
    }
    @Test func `a member that does something with its server does not seal; one that races does`() {
        for activity in Activity.allCases {
            let verdict = judgeSeal(
                seal, standing: .expired(holder: "p"), lock: lock, isPrimary: false, activity: activity)
            let expected: SealVerdict = activity == .racing ? .seal : .refuse("\(activity.rawValue) in progress")
            #expect(verdict == expected)
        }
    }
}
