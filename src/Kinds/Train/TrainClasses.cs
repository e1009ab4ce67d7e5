using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds.DataSets;
using HrNetBatch.Model.Labels;

namespace HrNetBatch.Kinds.Train;

/// <summary>The classes of a run: those of its labels, else the teacher's, else those that its data name. Both data sets are matched to them by name.</summary>
internal static class TrainClasses
{
    /// <summary>The arguments with the names and the number of the run's classes, wherever they are from; the data sets translate their classes to them from now on.</summary>
    /// <param name="arguments">As the job has them.</param>
    /// <param name="training">The training data.</param>
    /// <param name="validation">The validation data; null: none.</param>
    /// <param name="teacher">The teacher, which answers in the order of the run's classes from now on; null: there is none.</param>
    /// <exception cref="JobException">Nobody says what classes there are; permanent.</exception>
    /// <exception cref="ClassNamesException">They do not fit together.</exception>
    public static TrainArguments Settle(TrainArguments arguments, ShardSet training, ShardSet? validation, TeacherNetwork? teacher)
    {
        ClassList data = training.ClassesAs("--data");
        ClassList run = Run(arguments, data, teacher?.Classes);
        teacher?.AnswerAs(run);
        if (run.KnownCount < 2)
            throw new JobException($"At least two classes are needed to tell apart. {run}");
        if (ClassList.FaultOf(run.Names ?? []) is { } fault)
            throw new JobException($"Among the classes of {run.Owner} {fault}. Give the run names with --labels (labels).");
        // With a teacher nobody looks at the labels of the training data.
        if (teacher is null)
            training.ClassMap = ClassMatching.Match(data, run, allowsSubset: false);
        if (validation is not null)
            validation.ClassMap = ClassMatching.Match(validation.ClassesAs("--validation-data"), run, allowsSubset: true);
        return arguments with { Labels = run.Names, ClassCount = run.KnownCount };
    }

    private static ClassList Run(TrainArguments arguments, ClassList data, ClassList? teacher)
    {
        if (arguments.Labels is { } labels)
            return new ClassList("--labels", labels);
        if (teacher is not null && (arguments.ClassCount ?? teacher.KnownCount) == teacher.KnownCount)
            return teacher;
        if (arguments.ClassCount is { } count)
            return data.Names?.Count == count && teacher is null ? data : new ClassList("--class-count", null, count);
        return data.Names is not null ? data
            : throw new JobException($"Nobody says what classes there are: {data.Owner} has them as numbers only. Give --labels (labels), or --class-count (classCount) if they have no names.");
    }
}
