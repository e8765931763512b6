import Units

/// Numbers as people read them.
enum Figures {
    /// With one decimal: `12.3`.
    static func seconds(_ duration: Duration) -> String {
        let tenths = (duration.milliseconds + 50) / 100
        return "\(tenths / 10).\(abs(tenths % 10))"
    }

    /// Mebibytes with one decimal.
    static func mebibytes(_ bytes: Int64) -> String {
        let tenths = (bytes * 10 + 1 << 19) >> 20
        return "\(tenths / 10).\(tenths % 10)"
    }
}
