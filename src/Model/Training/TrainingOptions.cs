using System.ComponentModel.DataAnnotations;

namespace HrNetBatch.Model.Training;

/// <summary>What a <see cref="Trainer"/> follows: a recipe, and what is known of the data. A resumed run must have the options that it began with.</summary>
public sealed record TrainingOptions : TrainingRecipe
{
    /// <summary>The defaults, for data of an unknown size.</summary>
    public TrainingOptions()
    {
    }

    /// <summary>A recipe, before it is known how many samples there are.</summary>
    public TrainingOptions(TrainingRecipe recipe) : base(recipe)
    {
    }

    /// <summary>
    /// Steps of a full epoch (<see cref="EpochSteps"/>); null: not known. <see cref="LearningRateSchedule.CosinePerStep"/> needs it, because it must know
    /// from the first step on where the run will end. <see cref="ForSamples"/> finds it.
    /// </summary>
    [Range(1.0, 1e12)]
    public long? StepsPerEpoch { get; init; }

    /// <summary>The options for data of so many samples: the steps of an epoch are known, and a warm-up is at most a tenth of the run.</summary>
    public TrainingOptions ForSamples(long sampleCount)
    {
        long steps = EpochSteps.Of(sampleCount, BatchSize, LastBatch);
        return this with { StepsPerEpoch = steps, WarmUpSteps = (int)Math.Min(WarmUpSteps, steps * EpochCount / 10) };
    }

    /// <summary>What does not fit together, each as <c>property: what is wrong</c>; empty for sound options. Ranges are left to the attributes.</summary>
    public IEnumerable<string> Faults() => LearningRateSchedule == LearningRateSchedule.CosinePerStep && StepsPerEpoch is null
        ? RecipeFaults().Append("stepsPerEpoch: is needed for a cosine with a value for every step; the schedule cosine does without, with a value for every epoch")
        : RecipeFaults();
}
