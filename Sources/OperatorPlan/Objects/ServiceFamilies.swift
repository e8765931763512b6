import KubernetesModels

extension JSONValue {
    /// A Service as an API server keeps it that was given this one, as far as the families of its addresses are concerned.
    ///
    /// One without the feature (Kubernetes before 1.23, with `IPv6DualStack` off) drops both fields; one with it adds the second
    /// family to what `PreferDualStack` leaves open. Neither is a difference to be mended: it would be there again at once.
    ///
    /// - Parameter live: what it has now; it keeps families wherever it knows them, asked for or not.
    func keepingFamilies(of live: JSONValue) -> JSONValue {
        guard var spec = self["spec"]?.objectValue, spec["ipFamilyPolicy"] != nil || spec["ipFamilies"] != nil else {
            return self
        }
        let kept = live.value(at: "spec", "ipFamilies")
        if kept == nil, live.value(at: "spec", "ipFamilyPolicy") == nil {
            spec["ipFamilyPolicy"] = nil
            spec["ipFamilies"] = nil
        } else if let wanted = spec["ipFamilies"]?.arrayValue, let all = kept?.arrayValue, all.starts(with: wanted) {
            spec["ipFamilies"] = kept
        }
        var result = self
        result["spec"] = .object(spec)
        return result
    }
}
