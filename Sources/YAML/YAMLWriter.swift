import CLibYAML
import KubernetesModels

/// Writes values through libyaml's emitter.
final class YAMLWriter {
    private let emitter: UnsafeMutablePointer<yaml_emitter_t>
    private var output: [UInt8] = []

    init() {
        emitter = .allocate(capacity: 1)
        emitter.initialize(to: yaml_emitter_t())
    }

    deinit {
        yaml_emitter_delete(emitter)
        emitter.deallocate()
    }

    func write(_ documents: [JSONValue]) -> String {
        precondition(yaml_emitter_initialize(emitter) != 0, "libyaml is out of memory")
        let context = Unmanaged.passUnretained(self).toOpaque()
        yaml_emitter_set_output(
            emitter,
            { context, bytes, count in
                guard let context else { return 0 }
                let writer = Unmanaged<YAMLWriter>.fromOpaque(context).takeUnretainedValue()
                writer.output.append(contentsOf: UnsafeBufferPointer(start: bytes, count: count))
                return 1
            }, context)
        yaml_emitter_set_encoding(emitter, YAML_UTF8_ENCODING)
        yaml_emitter_set_unicode(emitter, 1)
        yaml_emitter_set_indent(emitter, 2)
        yaml_emitter_set_width(emitter, -1)
        emit { yaml_stream_start_event_initialize($0, YAML_UTF8_ENCODING) }
        for (index, document) in documents.enumerated() {
            emit { yaml_document_start_event_initialize($0, nil, nil, nil, index == 0 ? 1 : 0) }
            write(document)
            emit { yaml_document_end_event_initialize($0, 1) }
        }
        emit { yaml_stream_end_event_initialize($0) }
        yaml_emitter_flush(emitter)
        return String(decoding: output, as: UTF8.self)
    }

    private func emit(_ initialize: (UnsafeMutablePointer<yaml_event_t>) -> Int32) {
        var event = yaml_event_t()
        // Both fail only for want of memory, or for a sequence of events this type never makes.
        precondition(initialize(&event) != 0 && yaml_emitter_emit(emitter, &event) != 0, "libyaml refused an event")
    }

    private func write(_ value: JSONValue) {
        switch value {
        case .null: writeScalar("null", style: YAML_PLAIN_SCALAR_STYLE)
        case .bool(let value): writeScalar(value ? "true" : "false", style: YAML_PLAIN_SCALAR_STYLE)
        case .int(let value): writeScalar(String(value), style: YAML_PLAIN_SCALAR_STYLE)
        case .double(let value):
            writeScalar(value.isFinite ? value.description : "null", style: YAML_PLAIN_SCALAR_STYLE)
        case .string(let text): writeScalar(text, style: Self.style(for: text))
        case .array(let elements):
            let style = elements.isEmpty ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE
            emit { yaml_sequence_start_event_initialize($0, nil, nil, 1, style) }
            for element in elements { write(element) }
            emit { yaml_sequence_end_event_initialize($0) }
        case .object(let members):
            let style = members.isEmpty ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE
            emit { yaml_mapping_start_event_initialize($0, nil, nil, 1, style) }
            for (key, value) in members.sorted(by: { $0.key < $1.key }) {
                writeScalar(key, style: Self.style(for: key))
                write(value)
            }
            emit { yaml_mapping_end_event_initialize($0) }
        }
    }

    /// Plain where that reads back as the same text; libyaml itself quotes what its syntax requires.
    private static func style(for text: String) -> yaml_scalar_style_t {
        if text == "<<" { return YAML_SINGLE_QUOTED_SCALAR_STYLE }
        guard case .string = YAMLScalar.resolve(text) else { return YAML_SINGLE_QUOTED_SCALAR_STYLE }
        if text.utf8.contains(0x0D) || text.unicodeScalars.contains(where: { Self.isLineSeparator($0) }) {
            return YAML_DOUBLE_QUOTED_SCALAR_STYLE
        }
        return text.utf8.contains(0x0A) ? YAML_LITERAL_SCALAR_STYLE : YAML_ANY_SCALAR_STYLE
    }

    /// YAML 1.1 counts these as line breaks, and a reader would normalise them.
    private static func isLineSeparator(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "\u{85}" || scalar == "\u{2028}" || scalar == "\u{2029}"
    }

    private func writeScalar(_ text: String, style: yaml_scalar_style_t) {
        let bytes = Array(text.utf8)
        bytes.withUnsafeBufferPointer { buffer in
            withUnsafePointer(to: yaml_char_t(0)) { empty in
                emit {
                    yaml_scalar_event_initialize(
                        $0, nil, nil, buffer.baseAddress ?? empty, Int32(clamping: buffer.count), 1, 1, style)
                }
            }
        }
    }
}
