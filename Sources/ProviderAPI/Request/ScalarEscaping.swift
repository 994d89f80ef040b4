extension String {
    /// Replaces characters of markup. Each Unicode scalar is looked at by itself: a quote that is followed by a combining mark is one
    /// `Character` with it, and would be missed.
    public func escaping(_ escape: (Unicode.Scalar) -> String?) -> String {
        var text = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            if let escaped = escape(scalar) { text.append(contentsOf: escaped.unicodeScalars) } else { text.append(scalar) }
        }
        return String(text)
    }
}
