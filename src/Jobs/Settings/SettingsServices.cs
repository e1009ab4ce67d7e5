using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Jobs.Settings;

/// <summary>Registers settings that are checked when a program starts.</summary>
public static class SettingsServices
{
    /// <summary>Binds a section of the configuration; a value that cannot be read or breaks a rule is an <see cref="OptionsValidationException"/>.</summary>
    /// <typeparam name="TOptions">The record of the settings.</typeparam>
    /// <param name="services">The program's services.</param>
    /// <param name="section">Where the settings stand.</param>
    public static IServiceCollection AddSettings<TOptions>(this IServiceCollection services, string section)
        where TOptions : class
    {
        services.AddOptions<TOptions>().Configure<IConfiguration>((options, configuration) => Bind(options, configuration, section)).ValidateOnStart();
        return services.AddSingleton<IValidateOptions<TOptions>>(new SettingsValidator<TOptions>(section));
    }

    /// <summary>Checks the settings of all sections, so that all that is wrong is told at once: a host reads some of them while it is built.</summary>
    /// <exception cref="OptionsValidationException">One section is wrong.</exception>
    /// <exception cref="AggregateException">Several are.</exception>
    public static void RequireSettings(this IServiceCollection services)
    {
        using ServiceProvider settings = services.BuildServiceProvider();
        settings.GetRequiredService<IStartupValidator>().Validate();
    }

    private static void Bind<TOptions>(TOptions options, IConfiguration configuration, string section)
        where TOptions : class
    {
        try
        {
            configuration.GetSection(section).Bind(options);
            string[] faults = [.. typeof(TOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Select(property => UnreadableSetting.AmongSeveral($"{section}:{property.Name}", property.PropertyType, property.GetValue(options), configuration)).OfType<string>()];
            if (faults.Length > 0)
                throw new OptionsValidationException(section, typeof(TOptions), faults);
        }
        catch (InvalidOperationException error)
        {
            throw new OptionsValidationException(section, typeof(TOptions), [UnreadableSetting.Explain(error, section, configuration)]);
        }
    }
}
