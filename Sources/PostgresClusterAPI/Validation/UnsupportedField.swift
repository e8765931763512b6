import KubernetesModels

/// A property other releases may have, and this one does not, that promises something nobody here would keep.
///
/// The API server prunes what its CRD does not know, so one arrives only through the CRD of another release or in a file.
/// It is refused instead of overlooked: whoever wrote it counts on it. Other unknown properties are not read at all.
enum UnsupportedField: String, CaseIterable {
    case synchronous

    /// One problem for each that `spec` carries, whatever its value.
    static func problems(in spec: JSONValue) -> [SpecProblem] {
        allCases.compactMap { field in
            guard let value = spec.value(at: "highAvailability", field.rawValue), !value.isNull else { return nil }
            return SpecProblem(
                path: "spec.highAvailability.\(field.rawValue)", value: value.serialized(),
                message: "is not supported by this release: \(field.consequence). Remove it; if you never set it, the "
                    + "CustomResourceDefinition is of another release: apply the one of this operator")
        }
    }

    /// What happens instead.
    private var consequence: String {
        switch self {
        case .synchronous: "a commit does not wait for replicas"
        }
    }
}
