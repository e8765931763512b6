import CLibYAML
import KubernetesModels

/// Turns libyaml's events into values. Depth and the growth by aliases are bounded.
final class YAMLReader {
    static let maximumDepth = 100
    /// Values one stream may expand to: an alias counts as all it stands for ("billion laughs").
    static let maximumValueCount = 1_000_000

    private struct Anchored {
        let value: JSONValue
        let count: Int
    }

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>
    private var event = yaml_event_t()
    private var hasEvent = false
    private var anchors: [String: Anchored] = [:]
    private var valueCount = 0

    init?(_ text: String) {
        parser = .allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        guard yaml_parser_initialize(parser) != 0 else {
            parser.deallocate()
            return nil
        }
        let bytes = Array(text.utf8)
        input = .allocate(capacity: max(1, bytes.count))
        _ = input.initialize(from: bytes)
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, input.baseAddress, bytes.count)
    }

    deinit {
        releaseEvent()
        yaml_parser_delete(parser)
        parser.deallocate()
        input.deallocate()
    }

    func readDocuments() throws(YAMLError) -> [JSONValue] {
        var documents: [JSONValue] = []
        while true {
            try advance()
            switch event.type {
            case YAML_STREAM_END_EVENT:
                return documents
            case YAML_DOCUMENT_START_EVENT:
                anchors = [:]
                try advance()
                let isEmpty =
                    event.type == YAML_SCALAR_EVENT && event.data.scalar.length == 0
                    && event.data.scalar.plain_implicit != 0
                let value = try readValue(depth: 0)
                if !isEmpty { documents.append(value) }
            case _:
                continue  // start of the stream, end of a document
            }
        }
    }

    // MARK: Events

    private func releaseEvent() {
        guard hasEvent else { return }
        yaml_event_delete(&event)
        hasEvent = false
    }

    private func advance() throws(YAMLError) {
        releaseEvent()
        guard yaml_parser_parse(parser, &event) != 0 else { throw parserFailure() }
        hasEvent = true
    }

    private func parserFailure() -> YAMLError {
        let problem = parser.pointee.problem.map { String(cString: $0) } ?? "cannot be read"
        let mark = parser.pointee.problem_mark
        return YAMLError(reason: problem, line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }

    private func failure(_ reason: String) -> YAMLError {
        YAMLError(
            reason: reason, line: Int(event.start_mark.line) + 1, column: Int(event.start_mark.column) + 1)
    }

    // MARK: Values

    /// Reads the value the current event begins; leaves its last event current.
    private func readValue(depth: Int) throws(YAMLError) -> JSONValue {
        guard depth < Self.maximumDepth else { throw failure("nested deeper than \(Self.maximumDepth)") }
        let before = valueCount
        try count(1)
        let anchor: String?
        let value: JSONValue
        switch event.type {
        case YAML_ALIAS_EVENT:
            return try resolveAlias()
        case YAML_SCALAR_EVENT:
            anchor = Self.text(event.data.scalar.anchor)
            value = try readScalar()
        case YAML_SEQUENCE_START_EVENT:
            anchor = Self.text(event.data.sequence_start.anchor)
            value = try readSequence(depth: depth)
        case YAML_MAPPING_START_EVENT:
            anchor = Self.text(event.data.mapping_start.anchor)
            value = try readMapping(depth: depth)
        case _:
            throw failure("unexpected structure")
        }
        if let anchor { anchors[anchor] = Anchored(value: value, count: valueCount - before) }
        return value
    }

    private func count(_ values: Int) throws(YAMLError) {
        valueCount += values
        guard valueCount <= Self.maximumValueCount else { throw failure("expands to too many values") }
    }

    private func resolveAlias() throws(YAMLError) -> JSONValue {
        guard let name = Self.text(event.data.alias.anchor), let anchored = anchors[name] else {
            throw failure("alias of an anchor that is not defined before it")
        }
        try count(anchored.count)
        return anchored.value
    }

    private func readSequence(depth: Int) throws(YAMLError) -> JSONValue {
        var elements: [JSONValue] = []
        while true {
            try advance()
            if event.type == YAML_SEQUENCE_END_EVENT { return .array(elements) }
            elements.append(try readValue(depth: depth + 1))
        }
    }

    private func readMapping(depth: Int) throws(YAMLError) -> JSONValue {
        var members: [String: JSONValue] = [:]
        var merged: [JSONValue] = []
        while true {
            try advance()
            if event.type == YAML_MAPPING_END_EVENT { break }
            let isMerge = isMergeKey
            let keyFailure = failure("a key must be a string, number or boolean, and occur once")
            let key = try readValue(depth: depth + 1)
            try advance()
            let value = try readValue(depth: depth + 1)
            if isMerge {
                merged.append(value)
                continue
            }
            guard let name = YAMLScalar.keyText(key), members.updateValue(value, forKey: name) == nil else {
                throw keyFailure
            }
        }
        for source in merged { try merge(source, into: &members) }
        return .object(members)
    }

    private var isMergeKey: Bool {
        event.type == YAML_SCALAR_EVENT && event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE
            && Self.text(event.data.scalar.value) == "<<"
    }

    /// A member written out wins over a merged one; an earlier source wins over a later one.
    private func merge(_ source: JSONValue, into members: inout [String: JSONValue]) throws(YAMLError) {
        switch source {
        case .object(let others): members.merge(others) { own, _ in own }
        case .array(let sources):
            for case let source in sources {
                guard case .object(let others) = source else { throw failure("'<<' takes mappings") }
                members.merge(others) { own, _ in own }
            }
        case .null, .bool, .int, .double, .string: throw failure("'<<' takes mappings")
        }
    }

    private func readScalar() throws(YAMLError) -> JSONValue {
        let scalar = event.data.scalar
        let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
        guard let text = String(validating: bytes, as: UTF8.self) else { throw failure("not UTF-8") }
        let tag = Self.text(scalar.tag)
        if tag == nil, scalar.style != YAML_PLAIN_SCALAR_STYLE { return .string(text) }
        switch tag {
        case nil, YAML_BOOL_TAG, YAML_INT_TAG, YAML_FLOAT_TAG, YAML_NULL_TAG:
            guard let value = YAMLScalar.resolve(text) else { throw failure("JSON has no infinity and no NaN") }
            return value
        case _:
            return .string(text)
        }
    }

    private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        pointer.map { String(cString: $0) }
    }
}
