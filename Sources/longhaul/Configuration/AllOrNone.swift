/// The values of LONGHAUL_EVENTS and LONGHAUL_TRAIL. They are no words that YAML reads as true or false.
enum AllOrNone: String, CaseIterable { case all, none }
