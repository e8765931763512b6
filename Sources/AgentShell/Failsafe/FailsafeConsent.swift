import HighAvailability

/// What a round of `POST /failsafe` came to.
struct FailsafeConsent: Sendable {
    /// Who agreed; the instant of each promise is not before the round's.
    var agreed: Set<FailsafeList.Entry> = []
    /// A reign after the leader's own, and who has seen it in the store.
    var laterReign: (reign: Reign, witness: String)?
}
