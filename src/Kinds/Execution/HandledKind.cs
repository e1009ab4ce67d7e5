using HrNetBatch.Jobs.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Kinds.Execution;

/// <summary>A kind that can be run here.</summary>
public sealed record HandledKind : JobKind
{
    private readonly Action<IServiceCollection> _register;

    private HandledKind(JobKind kind, Action<IServiceCollection> register)
        : base(kind) => _register = register;

    /// <summary>A kind with its handler.</summary>
    public static HandledKind Of<TArguments, THandler>()
        where TArguments : IJobArguments
        where THandler : class, IJobHandler => new(JobKind.Of<TArguments>(), services =>
        {
            THandler.AddServices(services);
            services.AddKeyedTransient<IJobHandler, THandler>(TArguments.Kind);
        });

    /// <summary>Adds the handler, keyed by the kind's name, and what it is made of.</summary>
    internal void Register(IServiceCollection services) => _register(services);
}
