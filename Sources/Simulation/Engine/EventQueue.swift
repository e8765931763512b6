/// What will happen, in order of time, and of arrival where the time is the same.
struct EventQueue {
    /// A process of the world; what it has planned dies with it and waits while it is frozen.
    struct Owner: Hashable {
        enum Kind: UInt8 { case world, agent, initProcess, server }
        var kind: Kind
        var pod: Int32
        var life: Int32

        static let world = Owner(kind: .world, pod: -1, life: 0)
    }

    private struct Entry {
        var time: Microseconds
        var sequence: UInt32
        var slot: Int32
    }

    private var heap: [Entry] = []
    private var slots: [(owner: Owner, work: () -> Void)] = []
    private var free: [Int32] = []
    private var sequence: UInt32 = 0

    init() {
        heap.reserveCapacity(256)
        slots.reserveCapacity(256)
    }

    mutating func add(at time: Microseconds, _ owner: Owner, _ work: @escaping () -> Void) {
        let slot: Int32
        if let reused = free.popLast() {
            slot = reused
            slots[Int(slot)] = (owner, work)
        } else {
            slot = Int32(slots.count)
            slots.append((owner, work))
        }
        sequence += 1
        heap.append(Entry(time: time, sequence: sequence, slot: slot))
        rise(heap.count - 1)
    }

    var nextTime: Microseconds? { heap.first?.time }

    mutating func next() -> (time: Microseconds, owner: Owner, work: () -> Void)? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            sink(0)
        }
        let (owner, work) = slots[Int(first.slot)]
        slots[Int(first.slot)].work = {}
        free.append(first.slot)
        return (first.time, owner, work)
    }

    private func precedes(_ left: Entry, _ right: Entry) -> Bool {
        left.time != right.time ? left.time < right.time : left.sequence < right.sequence
    }

    private mutating func rise(_ start: Int) {
        var index = start
        let entry = heap[index]
        while index > 0 {
            let parent = (index - 1) / 2
            guard precedes(entry, heap[parent]) else { break }
            heap[index] = heap[parent]
            index = parent
        }
        heap[index] = entry
    }

    private mutating func sink(_ start: Int) {
        var index = start
        let entry = heap[index]
        while true {
            var child = 2 * index + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, precedes(heap[child + 1], heap[child]) { child += 1 }
            guard precedes(heap[child], entry) else { break }
            heap[index] = heap[child]
            index = child
        }
        heap[index] = entry
    }
}
