/// What is paused together: the requests of one kind to a provider's API, or the downloads from one host.
public enum RequestKind: Sendable, Hashable {
    case create, check, list, cancel
    case download(host: String)

    /// The kinds of requests to the API itself.
    public static let control: [RequestKind] = [.create, .check, .list, .cancel]

    /// The name in the store.
    public var name: String {
        switch self {
        case .create: "create"
        case .check: "check"
        case .list: "list"
        case .cancel: "cancel"
        case .download(let host): Self.downloadPrefix + host
        }
    }

    static let downloadPrefix = "download:"
}
