/// Finds the known word that is closest to a misspelled one.
public enum Spelling {
    /// The candidate with the smallest Levenshtein distance, if that is at most a third of the word's length.
    public static func nearest(to word: String, in candidates: [String]) -> String? {
        let word = word.lowercased()
        let ranked = candidates.map { (distance(Array(word.utf8), Array($0.lowercased().utf8)), $0) }
        guard let best = ranked.min(by: { $0.0 < $1.0 }), best.0 <= max(1, word.utf8.count / 3) else { return nil }
        return best.1
    }

    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let substituted = diagonal + (a == b ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
