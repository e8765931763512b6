/// Who can reach whom now, and how slowly. Counts, because faults overlap.
struct Network {
    /// `blocked[from][to]`: nothing arrives in this direction.
    var blocked: [[Int]]
    var blockedToAPI: [Int]
    var blockedFromAPI: [Int]
    var apiDown = 0
    /// Added to every request, each way.
    var apiDelay: Microseconds = 0
    var apiRefusalsPerMille = 0
    var apiTimeoutsPerMille = 0
    var watchDelay: Microseconds = 0
    /// Added to what each member receives from its upstream.
    var replicationDelay: [Microseconds]

    init(nodes: Int, members: Int) {
        blocked = Array(repeating: Array(repeating: 0, count: nodes), count: nodes)
        blockedToAPI = Array(repeating: 0, count: nodes)
        blockedFromAPI = Array(repeating: 0, count: nodes)
        replicationDelay = Array(repeating: 0, count: members)
    }

    func passes(_ from: Int, _ to: Int) -> Bool { from == to || blocked[from][to] == 0 }
    func connects(_ one: Int, _ other: Int) -> Bool { passes(one, other) && passes(other, one) }
    func reachesAPI(_ node: Int) -> Bool { apiDown == 0 && blockedToAPI[node] == 0 }
    func hearsAPI(_ node: Int) -> Bool { apiDown == 0 && blockedFromAPI[node] == 0 }

    mutating func isolate(_ node: Int, _ change: Int) {
        blockedToAPI[node] += change
        blockedFromAPI[node] += change
        for other in blocked.indices where other != node {
            blocked[node][other] += change
            blocked[other][node] += change
        }
    }
}
