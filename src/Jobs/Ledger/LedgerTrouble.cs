using Npgsql;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>What an error of the ledger's database means to the person who runs a program, and what to do.</summary>
public static class LedgerTrouble
{
    private const string AccessRefused = "28"; // SQLSTATE class "invalid authorization specification"
    private const string NotAllowed = "42501";

    /// <summary>One or two sentences, without a stack trace.</summary>
    public static string Describe(NpgsqlException error) => error switch
    {
        { InnerException: LedgerSignInException noToken } => noToken.Message,
        PostgresException { SqlState: NotAllowed } denied => $"the ledger's PostgreSQL does not allow it ({denied.MessageText}). "
            + "Whoever runs this first needs CREATE on the database; where several identities share it, let one role own everything and put Options=-c role=OWNER into HrNetBatch:Ledger:ConnectionString.",
        PostgresException { SqlState: var state } refused when state.StartsWith(AccessRefused, StringComparison.Ordinal) => $"the ledger's PostgreSQL refuses the sign-in ({refused.MessageText}). "
            + "Correct user and password in HrNetBatch:Ledger:ConnectionString; with HrNetBatch:Ledger:Authentication=Entra the user is the role that was made for this identity (pgaadauth_create_principal).",
        _ => $"the ledger's PostgreSQL does not answer ({error.Message}). Start it (`hrnet up` does), or correct HrNetBatch:Ledger:ConnectionString.",
    };
}
