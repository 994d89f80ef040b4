/// The values of LONGHAUL_EVENTS. They are no words that YAML reads as true or false.
enum PublishedEvents: String, CaseIterable { case all, none }
