import TestServers
import Testing

/// One after the other: each starts orchestrators, and what they do is compared with counts and leases.
@Suite("The orchestrator", .needsServers, .serialized, .timeLimit(.minutes(5))) struct OrchestratorSuites {}
