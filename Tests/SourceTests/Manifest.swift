/// What Package.swift says of the targets, as far as they are our own.
struct Manifest {
    /// By target: the targets it names as its dependencies.
    private(set) var dependencies: [String: Set<String>] = [:]

    init(_ text: String) {
        guard let beginning = text.firstRange(of: "\n    targets: [\n")?.upperBound else { return }
        let targets = text[beginning...]
        for call in targets.matches(of: /\b(?:target|tests|executableTarget|testTarget)\(/) {
            var depth = 1
            var end = call.range.upperBound
            while depth > 0, end < targets.endIndex {
                if targets[end] == "(" { depth += 1 }
                if targets[end] == ")" { depth -= 1 }
                end = targets.index(after: end)
            }
            let arguments = targets[call.range.upperBound..<end]
            let others = arguments.firstMatch(of: /(?:linkerSettings|resources):/)?.range.lowerBound
            let names = arguments[..<(others ?? arguments.endIndex)].matches(of: /"([^"]+)"/).map { String($0.1) }
            if let name = names.first { dependencies[name] = Set(names.dropFirst()) }
        }
    }

    /// The targets `target` is linked with, by way of others too.
    func closure(of target: String) -> Set<String> {
        var found: Set<String> = []
        var open = [target]
        while let next = open.popLast() {
            for dependency in dependencies[next] ?? [] where found.insert(dependency).inserted {
                open.append(dependency)
            }
        }
        return found
    }
}
