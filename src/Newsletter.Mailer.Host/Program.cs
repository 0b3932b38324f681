Console.WriteLine("newsletter");
