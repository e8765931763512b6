/// A rule over the properties of an object, or over a value and what it was before.
///
/// The only place a rule is written. API servers from 1.25 on get it as CEL (`x-kubernetes-validations`); older ones drop
/// it, so the operator checks the same ``Requirement`` again and says the same ``message``. The message is fixed text:
/// servers refuse one that is computed when they cannot estimate its cost, and those before 1.27 do not know it.
public struct Rule: Sendable, Hashable {
    public let requirement: Requirement
    public let message: String
    /// The property of the object that the operator's message names; nil: the object as a whole.
    public let property: String?

    public init(_ requirement: Requirement, message: String, at property: String? = nil) {
        self.requirement = requirement
        self.message = message
        self.property = property
    }

    /// As API servers read it.
    public var expression: String { requirement.expression }

    /// Whether it compares a change with what was before.
    public var isTransition: Bool { requirement.isTransition }
}
