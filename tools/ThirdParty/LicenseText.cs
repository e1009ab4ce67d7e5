namespace HrNetBatch.ThirdParty;

/// <summary>Licences as texts: telling which one a text is, and finding them in packages.</summary>
internal static class LicenseText
{
    private static readonly string[] FileNames = ["LICENSE*", "LICENCE*", "COPYING*", "NOTICE*", "THIRD*PARTY*"];

    /// <summary>The SPDX name of a licence's text; null when it is none of those that we have read.</summary>
    public static string? Identify(string text)
    {
        bool Has(string phrase) => text.Contains(phrase, StringComparison.OrdinalIgnoreCase);
        if (Has("GNU Lesser General Public License") && Has("any later version")) return "LGPL-3.0-or-later";
        if (Has("LGPLv3")) return "LGPL-3.0-only";
        if (Has("Apache License") && Has("Version 2.0, January 2004")) return "Apache-2.0";
        if (Has("Permission is hereby granted, free of charge, to any person obtaining a copy")) return "MIT";
        return null;
    }

    /// <summary>Copies the licences and notices that packages carry into a folder, a folder for each package.</summary>
    /// <returns>How many files were copied.</returns>
    public static int Collect(IEnumerable<Package> packages, string target)
    {
        int count = 0;
        foreach (Package package in packages)
        {
            string folder = Path.Combine(target, package.Id);
            var options = new EnumerationOptions { MatchCasing = MatchCasing.CaseInsensitive };
            foreach (string file in FileNames.SelectMany(name => Directory.EnumerateFiles(package.Folder, name, options)).Distinct())
            {
                Directory.CreateDirectory(folder);
                File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
                count++;
            }
        }
        return count;
    }
}
