namespace HrNetBatch.ThirdParty;

/// <summary>A NuGet package of which files are shipped.</summary>
/// <param name="Id">Its id, as its author writes it.</param>
/// <param name="Version">The version that a restore has chosen.</param>
/// <param name="License">SPDX expression.</param>
/// <param name="Authors">Who made it.</param>
/// <param name="Address">Where it comes from; null when the package does not say.</param>
/// <param name="Folder">Where it lies unpacked on this machine.</param>
/// <param name="Sha512">Of the package file, in Base64 as NuGet keeps it.</param>
public sealed record Package(string Id, string Version, string License, string Authors, string? Address, string Folder, string Sha512);
