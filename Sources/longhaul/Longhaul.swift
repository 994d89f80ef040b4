import ArgumentParser
@main struct Longhaul: AsyncParsableCommand {}
